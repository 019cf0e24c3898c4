package client_test

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A failure that the caller's request causes is returned at once, as by net/http.
func TestHTTPDoesNotRetryTheCallersFailure(t *testing.T) {
	type outcome struct {
		Err  string
		Took time.Duration
	}
	for name, tt := range map[string]struct {
		change func(*http.Request)
	}{
		"body shorter than ContentLength": {change: func(r *http.Request) { r.ContentLength = 9 }},
		"body that cannot be read": {
			change: func(r *http.Request) {
				r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(failingBody{}), nil }
				r.Body, _ = r.GetBody()
			},
		},
		"malformed header": {change: func(r *http.Request) { r.Header["X-Bad"] = []string{"a\nb"} }},
		"malformed method": {change: func(r *http.Request) { r.Method = "BAD METHOD" }},
	} {
		t.Run(name, func(t *testing.T) {
			early := func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusEarlyHints)
				w.WriteHeader(http.StatusOK)
			}
			sameAsNetHTTP(t, retrywisetest.Answer(early), func(t *testing.T, hc *http.Client, base string) outcome {
				req := newRequest(t, "PUT", base+"/items/7", "text")
				if tt.change != nil {
					tt.change(req)
				}
				start := time.Now()
				return outcome{exchange(hc, req).Err, time.Since(start)}
			})
		})
	}
}

// If GetBody fails before a retry, the call ends with its error, which is not a network
// failure.
func TestHTTPBodyThatCannotBeReopened(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.JSON(503, `{"why":"down"}`))
		c := newClient(t, srv, client.Config{})
		req := newRequest(t, "PUT", srv.URL()+"/items/7", "text")
		req.GetBody = func() (io.ReadCloser, error) { return nil, errOfTheTest }
		start := time.Now()
		_, err := sendRequest(t, c.HTTP().Do, req)
		if e := failure(t, err); !errors.Is(err, errOfTheTest) || e.Class == apierrors.Network || time.Since(start) != 250*time.Millisecond {
			t.Errorf("class %v after %v, error %v; want the test's error, but not network, after 250ms", e.Class, time.Since(start), err)
		}
	})
}

// Request.Cancel, which is older than contexts, ends an attempt and a wait.
func TestHTTPCancelChannel(t *testing.T) {
	for name, answer := range map[string]retrywisetest.Answer{
		"during an attempt": retrywisetest.Hang(),
		"during a wait":     retrywisetest.HTML(503, "Retry-After", "30"),
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, answer)
				cancel := make(chan struct{})
				defer time.AfterFunc(time.Second, func() { close(cancel) }).Stop()
				req := newRequest(t, "PUT", srv.URL()+"/items/7", "text")
				req.Cancel = cancel //nolint:staticcheck // the field under test
				start := time.Now()
				got := exchange(newClient(t, srv, client.Config{}).HTTP(), req)
				if took := time.Since(start); got.Err == "" || took != time.Second {
					t.Errorf("got status %d, error %q after %v; want an error after 1s", got.Status, got.Err, took)
				}
			})
		})
	}
}
