package sdktest

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

func newS3(_ *testing.T, hc *http.Client, url string, retries bool) sdk {
	o := s3.Options{
		BaseEndpoint: &url, Region: "eu-central-1", UsePathStyle: true, HTTPClient: hc,
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	}
	if !retries {
		o.Retryer = aws.NopRetryer{}
	}
	c := s3.New(o)
	return sdk{
		read: func(ctx context.Context) error {
			_, err := c.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("exports")})
			return err
		},
		write: func(ctx context.Context) error {
			_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("exports"), Key: aws.String("a.csv"), Body: strings.NewReader("a,b\n")})
			return err
		},
		isOwn: isA[*awshttp.ResponseError],
	}
}

// The body of an upload can be read only once, as the SDK gives its requests no GetBody.
func TestS3LeavesRetriesToTheClient(t *testing.T) {
	rows := usualRows(retrywisetest.Status(200))
	rows["write that was throttled"] = row{true, script{limited}, true}
	testLeftToTheClient(t, newS3, policy.Default(), rows)
}

func TestS3RetriesByItself(t *testing.T) {
	testLeftToTheSDK(t, newS3, retrywisetest.Status(200), counts{"503": 3, "503, then OK": 2, "429, then OK": 2, "reset": 3})
}
