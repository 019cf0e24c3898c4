package sdktest

import (
	"context"
	"net/http"
	"testing"

	"google.golang.org/api/drive/v3"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// google-api-go-client retries nothing but uploads of files in chunks.
func newDrive(t *testing.T, hc *http.Client, url string, _ bool) sdk {
	t.Helper()
	s, err := drive.NewService(t.Context(), option.WithHTTPClient(hc), option.WithEndpoint(url))
	if err != nil {
		t.Fatal(err)
	}
	return sdk{
		read: func(ctx context.Context) error {
			_, err := s.Files.Get("1").Context(ctx).Do()
			return err
		},
		write: func(ctx context.Context) error {
			_, err := s.Permissions.Create("1", &drive.Permission{Role: "reader", Type: "anyone"}).Context(ctx).Do()
			return err
		},
		isOwn: isA[*googleapi.Error],
	}
}

func TestDriveLeavesRetriesToTheClient(t *testing.T) {
	testLeftToTheClient(t, newDrive, policy.Default(), usualRows(retrywisetest.JSON(200, `{"id":"1"}`)))
}

// What may upload a file, such as Files.Create, cannot be read again, even if it uploads none.
func TestDriveUploadIsSentOnce(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, limited)
		s, err := drive.NewService(t.Context(), option.WithHTTPClient(newClient(t, srv, policy.Default()).HTTP()), option.WithEndpoint(srv.URL()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Files.Create(&drive.File{Name: "x"}).Do(); !isA[*googleapi.Error](err) {
			t.Errorf("error %v (%T); want the SDK's for a response", err, err)
		}
	})
}

func TestDriveRetriesByItself(t *testing.T) {
	testLeftToTheSDK(t, newDrive, retrywisetest.JSON(200, `{"id":"1"}`), counts{"503": 1, "503, then OK": 1, "429, then OK": 1, "reset": 1})
}
