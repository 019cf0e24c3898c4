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

// What fails on the caller's side is told at once, as by net/http: no repeat cures it, and
// it is no failure of the network.
func TestHTTPDoesNotRetryTheCallersFailure(t *testing.T) {
	type outcome struct {
		Err  string
		Took time.Duration
	}
	for name, tt := range map[string]struct {
		change func(*http.Request)
	}{
		"a body that is shorter than told": {change: func(r *http.Request) { r.ContentLength = 9 }},
		"a body that cannot be read": {
			change: func(r *http.Request) {
				r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(failingBody{}), nil }
				r.Body, _ = r.GetBody()
			},
		},
		"a header that cannot be sent": {change: func(r *http.Request) { r.Header["X-Bad"] = []string{"a\nb"} }},
		"a method that cannot be sent": {change: func(r *http.Request) { r.Method = "BAD METHOD" }},
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

// A body that cannot be had a second time ends the call: nothing of the network failed,
// and the next try would fail in the same way.
func TestHTTPBodyThatCannotBeReopened(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.JSON(503, `{"why":"down"}`))
		c := newClient(t, srv, client.Config{})
		req := newRequest(t, "PUT", srv.URL()+"/items/7", "text")
		req.GetBody = func() (io.ReadCloser, error) { return nil, errOfTheTest }
		start := time.Now()
		_, err := sendRequest(t, c.HTTP().Do, req)
		if e := failure(t, err); !errors.Is(err, errOfTheTest) || e.Class == apierrors.Network || time.Since(start) != 250*time.Millisecond {
			t.Errorf("class %v after %v: %v", e.Class, time.Since(start), err)
		}
	})
}

// The channel by which callers cancelled before there were contexts is heeded in an
// attempt and in a wait.
func TestHTTPCancelChannel(t *testing.T) {
	for name, answer := range map[string]retrywisetest.Answer{
		"in an attempt": retrywisetest.Hang(),
		"in a wait":     retrywisetest.HTML(503, "Retry-After", "30"),
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, answer)
				over := make(chan struct{})
				defer time.AfterFunc(time.Second, func() { close(over) }).Stop()
				req := newRequest(t, "PUT", srv.URL()+"/items/7", "text")
				req.Cancel = over //nolint:staticcheck // the point
				start := time.Now()
				got := exchange(newClient(t, srv, client.Config{}).HTTP(), req)
				if took := time.Since(start); got.Err == "" || took != time.Second {
					t.Errorf("status %d, %q after %v; want an error after 1s", got.Status, got.Err, took)
				}
			})
		})
	}
}
