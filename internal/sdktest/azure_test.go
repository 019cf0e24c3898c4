package sdktest

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azpolicy "github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// newAzure makes a pipeline of azcore, on which every Azure SDK is built.
func newAzure(_ *testing.T, hc *http.Client, url string, retries bool) sdk {
	o := azpolicy.ClientOptions{Transport: hc}
	if !retries {
		o.Retry.MaxRetries = -1
	}
	pipeline := runtime.NewPipeline("sdktest", "v1", runtime.PipelineOptions{}, &o)
	call := func(ctx context.Context, method, body string) error {
		req, err := runtime.NewRequest(ctx, method, url+"/items")
		if err != nil {
			return err
		}
		if body != "" {
			if err := req.SetBody(streaming.NopCloser(strings.NewReader(body)), "application/json"); err != nil {
				return err
			}
		}
		resp, err := pipeline.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if !runtime.HasStatusCode(resp, http.StatusOK) {
			return runtime.NewResponseError(resp)
		}
		return nil
	}
	return sdk{
		read:  func(ctx context.Context) error { return call(ctx, http.MethodGet, "") },
		write: func(ctx context.Context) error { return call(ctx, http.MethodPost, `{"name":"ana"}`) },
		isOwn: isA[*azcore.ResponseError],
	}
}

func TestAzureLeavesRetriesToTheClient(t *testing.T) {
	testLeftToTheClient(t, newAzure, policy.Default(), usualRows(retrywisetest.Status(200)))
}

func TestAzureRetriesByItself(t *testing.T) {
	testLeftToTheSDK(t, newAzure, retrywisetest.Status(200), counts{"503": 4, "503, then OK": 2, "429, then OK": 2, "reset": 4})
}
