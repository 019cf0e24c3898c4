package sdktest

import (
	"context"
	"net/http"
	"testing"

	"github.com/retrywise/retrywise/internal/sdktest/contacts"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A client that oapi-codegen generates retries nothing.
func newOAPI(t *testing.T, hc *http.Client, url string, _ bool) sdk {
	t.Helper()
	c, err := contacts.NewClientWithResponses(url, contacts.WithHTTPClient(hc))
	if err != nil {
		t.Fatal(err)
	}
	return sdk{
		read: func(ctx context.Context) error {
			r, err := c.GetContactWithResponse(ctx, "1")
			if err == nil && r.JSON200 == nil {
				err = &oapiError{r.Status()}
			}
			return err
		},
		write: func(ctx context.Context) error {
			r, err := c.CreateContactWithResponse(ctx, contacts.Contact{Name: "ana"})
			if err == nil && r.StatusCode() >= 300 {
				err = &oapiError{r.Status()}
			}
			return err
		},
		isOwn: isA[*oapiError],
	}
}

// An oapiError stands for an error response, which the client returns as a response.
type oapiError struct{ status string }

func (e *oapiError) Error() string { return e.status }

func TestOAPILeavesRetriesToTheClient(t *testing.T) {
	testLeftToTheClient(t, newOAPI, policy.Default(), usualRows(retrywisetest.JSON(200, `{"name":"ana"}`)))
}

func TestOAPIRetriesByItself(t *testing.T) {
	testLeftToTheSDK(t, newOAPI, retrywisetest.JSON(200, `{"name":"ana"}`), counts{"503": 1, "503, then OK": 1, "429, then OK": 1, "reset": 1})
}
