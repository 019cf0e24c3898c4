package sdktest

import (
	"context"
	"net/http"
	"testing"

	"github.com/go-resty/resty/v2"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

func newResty(_ *testing.T, hc *http.Client, url string, retries bool) sdk {
	c := resty.NewWithClient(hc).SetBaseURL(url).SetLogger(quiet{}) // no retries by default
	if retries {
		c.SetRetryCount(3).AddRetryCondition(func(r *resty.Response, err error) bool { return err != nil || r.StatusCode() >= 429 })
	}
	failed := func(r *resty.Response, err error) error {
		if err == nil && r.IsError() {
			return &restyError{r.Status()}
		}
		return err
	}
	return sdk{
		read: func(ctx context.Context) error { return failed(c.R().SetContext(ctx).Get("/items/1")) },
		write: func(ctx context.Context) error {
			return failed(c.R().SetContext(ctx).SetBody(map[string]string{"name": "ana"}).Post("/items"))
		},
		isOwn: isA[*restyError],
	}
}

// A restyError stands for an error response, which resty returns as a response.
type restyError struct{ status string }

func (e *restyError) Error() string { return e.status }

// quiet logs nothing.
type quiet struct{}

func (quiet) Errorf(string, ...any) {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Debugf(string, ...any) {}

func TestRestyLeavesRetriesToTheClient(t *testing.T) {
	testLeftToTheClient(t, newResty, policy.Default(), usualRows(retrywisetest.JSON(200, `{}`)))
}

func TestRestyRetriesByItself(t *testing.T) {
	testLeftToTheSDK(t, newResty, retrywisetest.JSON(200, `{}`), counts{"503": 4, "503, then OK": 2, "429, then OK": 2, "reset": 4})
}
