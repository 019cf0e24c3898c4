// Package sdktest runs popular SDKs on a Client. Each is tested in both ways that
// docs/sdks.md describes: the SDK leaves retries to the Client, or the Client to the SDK.
package sdktest

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// An sdk is an SDK that sends to a server.
type sdk struct {
	read, write func(context.Context) error
	isOwn       func(error) bool // the error has the SDK's type for an error response
}

// call returns a call.
func (s sdk) call(write bool) func(context.Context) error {
	if write {
		return s.write
	}
	return s.read
}

// A maker makes an SDK that sends through hc to the server at url. retries: it retries by
// itself.
type maker func(t *testing.T, hc *http.Client, url string, retries bool) sdk

// A script is what a server answers to one request after the other.
type script []retrywisetest.Answer

var (
	down    = retrywisetest.JSON(http.StatusServiceUnavailable, `{"error":{"type":"api_error","message":"down"}}`)
	limited = retrywisetest.JSON(http.StatusTooManyRequests, `{"error":{"type":"rate_limit_error","message":"slow down"}}`, "Retry-After", "30")
)

// A row is a call of an SDK that leaves retries to a Client. The server gets as many
// requests as there are answers.
type row struct {
	write   bool
	answers script
	fails   bool
}

// reset is the row without a response.
const reset = "write that was reset"

// usualRows are the rows of an SDK whose requests can be repeated.
func usualRows(ok retrywisetest.Answer) map[string]row {
	return map[string]row{
		"read recovers":            {false, script{down, down, ok}, false},
		"read is given up":         {false, script{down, down, down, down}, true},
		"write in doubt":           {true, script{down}, true},
		"write that was throttled": {true, script{limited, ok}, false},
		reset:                      {true, script{retrywisetest.Reset()}, true},
	}
}

// testLeftToTheClient tests an SDK that leaves retries to a Client with policy p.
func testLeftToTheClient(t *testing.T, newSDK maker, p policy.Policy, rows map[string]row) {
	for name, tt := range rows {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				s := newSDK(t, newClient(t, srv, p).HTTP(), srv.URL(), false)
				err := s.call(tt.write)(t.Context())
				switch {
				case (err != nil) != tt.fails:
					t.Errorf("error %v; want one: %v", err, tt.fails)
				case name == reset:
					if e, ok := errors.AsType[*apierrors.Error](err); !ok || e.Applied != apierrors.AppliedUnknown {
						t.Errorf("error %v (%T); want one of ours, applied: unknown", err, err)
					}
				case tt.fails && !s.isOwn(err):
					t.Errorf("error %v (%T); want the SDK's for a response", err, err)
				}
			})
		})
	}
}

// isA reports whether an error is or wraps an E.
func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func newClient(t *testing.T, srv *retrywisetest.Server, p policy.Policy) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{BaseURL: srv.URL(), Transport: srv.Transport(), Policy: &p})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// counts are how many requests a call makes, by what they meet.
type counts map[string]int

// testLeftToTheSDK tests that an SDK that retries by itself makes as many requests through a
// Client with one attempt as it makes without one. Reads and writes make equally many.
func testLeftToTheSDK(t *testing.T, newSDK maker, ok retrywisetest.Answer, want counts) {
	plain := func(srv *retrywisetest.Server) *http.Client { return &http.Client{Transport: srv.Transport()} }
	once := policy.Default().WithRetry(policy.Retry{MaxAttempts: 1})
	ours := func(srv *retrywisetest.Server) *http.Client { return newClient(t, srv, once).HTTP() }
	for by, newHTTP := range map[string]func(*retrywisetest.Server) *http.Client{"net/http": plain, "a Client": ours} {
		for _, write := range []bool{false, true} {
			got := counts{}
			for name, answers := range map[string]script{
				"503": {down}, "503, then OK": {down, ok}, "429, then OK": {limited, ok}, "reset": {retrywisetest.Reset()},
			} {
				got[name] = countRequests(t, answers, newSDK, newHTTP, write)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("requests by %s, write: %v (-want +got):\n%s", by, write, diff)
			}
		}
	}
}

// countRequests makes a call to a server of its own and returns how many requests that got.
// The last answer is repeated.
func countRequests(t *testing.T, answers script, newSDK maker, newHTTP func(*retrywisetest.Server) *http.Client, write bool) (n int) {
	t.Helper()
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n++
			answers[min(n, len(answers))-1](w, r)
		}))
		err := newSDK(t, newHTTP(srv), srv.URL(), true).call(write)(t.Context())
		if reachedOK := len(answers) > 1 && n == len(answers); reachedOK != (err == nil) {
			t.Errorf("%d requests, error %v", n, err)
		}
	})
	return n
}
