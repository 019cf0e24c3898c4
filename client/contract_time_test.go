package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// An ended is how an exchange ended, and when.
type ended struct {
	Seen seen
	Took time.Duration
}

// A timeout or cancelation of the caller takes effect as with net/http: at the same time, with
// an error of the same kind.
func TestHTTPTimeouts(t *testing.T) {
	const limit = 5 * time.Second
	limits := map[string]func(*http.Client, *http.Request) (*http.Request, func()){
		"Client.Timeout": func(hc *http.Client, r *http.Request) (*http.Request, func()) {
			hc.Timeout = limit
			return r, func() {}
		},
		"deadline": func(_ *http.Client, r *http.Request) (*http.Request, func()) {
			ctx, cancel := context.WithTimeout(r.Context(), limit)
			return r.WithContext(ctx), cancel
		},
		"both": func(hc *http.Client, r *http.Request) (*http.Request, func()) {
			hc.Timeout = limit
			ctx, cancel := context.WithTimeout(r.Context(), limit+1)
			return r.WithContext(ctx), cancel
		},
		"cancel": func(_ *http.Client, r *http.Request) (*http.Request, func()) {
			ctx, cancel := context.WithCancel(r.Context())
			timer := time.AfterFunc(limit, cancel)
			return r.WithContext(ctx), func() { timer.Stop(); cancel() }
		},
		"cancel before the start": func(_ *http.Client, r *http.Request) (*http.Request, func()) {
			ctx, cancel := context.WithCancel(r.Context())
			cancel()
			return r.WithContext(ctx), cancel
		},
	}
	for name, answer := range map[string]retrywisetest.Answer{
		"before the response":     retrywisetest.Hang(),
		"in the body":             pieces(200, time.Minute, "half", "whole"),
		"in the body of an error": pieces(422, time.Minute, "half", "whole"),
		"after a success":         retrywisetest.JSON(200, `{}`),
		"after an error":          retrywisetest.JSON(422, `{}`),
	} {
		for by, set := range limits {
			t.Run(by+" "+name, func(t *testing.T) {
				sameAsNetHTTP(t, answer, func(t *testing.T, hc *http.Client, base string) ended {
					req, stop := set(hc, newRequest(t, "POST", base+"/items", "x"))
					defer stop()
					start := time.Now()
					got := ended{Seen: exchange(hc, req)}
					got.Seen.IsTheCallers = false // net/http copies it for a Timeout, if the transport is another than its own
					got.Took = time.Since(start)
					return got
				})
			})
		}
	}
}

// If the caller's Timeout would fire during a wait, the call ends before that wait: with the
// response if there is one, or else with an *apierrors.Error.
func TestHTTPTimeoutThatEndsBeforeAWait(t *testing.T) {
	type outcome struct {
		Status    int
		Class     apierrors.Class
		Stop      apierrors.Stop
		RetryIn   time.Duration
		IsTimeout bool
		Took      time.Duration
	}
	refused := func(srv *retrywisetest.Server) http.RoundTripper { return failing(srv, 99, errOfTheTest) }
	for name, tt := range map[string]struct {
		answers script
		wire    func(*retrywisetest.Server) http.RoundTripper
		pause   bool // the vendor has asked for one
		want    outcome
	}{
		"Retry-After of a 503": {
			answers: script{retrywisetest.HTML(503, "Retry-After", "30")},
			want:    outcome{Status: 503, Class: apierrors.ServerError, Stop: apierrors.StopDeadline, RetryIn: 30 * time.Second},
		},
		"Retry-After of a 429": {
			answers: script{retrywisetest.Status(429, "Retry-After", "30")},
			want:    outcome{Status: 429, Class: apierrors.RateLimited, Stop: apierrors.StopDeadline, RetryIn: 30 * time.Second},
		},
		"backoff": {
			answers: script{retrywisetest.HTML(503), retrywisetest.After(9700*time.Millisecond, retrywisetest.HTML(503))},
			want:    outcome{Status: 503, Class: apierrors.ServerError, Stop: apierrors.StopDeadline, Took: 9950 * time.Millisecond},
		},
		"pause": {
			pause: true,
			want:  outcome{Status: 429, Class: apierrors.RateLimited, Stop: apierrors.StopDeadline, RetryIn: 30 * time.Second},
		},
		"no connection": {
			wire: refused,
			want: outcome{Class: apierrors.Network, Stop: apierrors.StopAttempts, Took: 1750 * time.Millisecond},
		},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				answers := tt.answers
				if tt.pause {
					answers = script{retrywisetest.Status(429, "Retry-After", "30")}
				}
				srv := retrywisetest.New(t, answers...)
				cfg := client.Config{}
				if tt.wire != nil {
					cfg.Transport = tt.wire(srv)
				}
				c := newClient(t, srv, cfg)
				hc := c.HTTP()
				hc.Timeout = 10 * time.Second
				if tt.pause {
					hold(t, hc, srv.URL())
				}
				start := time.Now()
				resp, err := hc.Do(newRequest(t, "GET", srv.URL()+"/items/7", ""))
				got := outcome{Took: time.Since(start)}
				if err == nil {
					got.Status, err = resp.StatusCode, c.Check(resp)
					_ = resp.Body.Close()
				} else if outer, ok := errors.AsType[*url.Error](err); !ok || outer.Op != "Get" {
					t.Errorf("got %T; want a url.Error of Get", err)
				} else {
					got.IsTimeout = outer.Timeout()
				}
				e := failure(t, err)
				got.Class, got.Stop = e.Class, e.Stop
				if at, ok := apierrors.RetryAt(err); ok {
					got.RetryIn = at.Sub(start)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("outcome (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// hold makes a call that gets a 429, so that the next calls are held back.
func hold(t *testing.T, hc *http.Client, base string) {
	t.Helper()
	if _, err := sendRequest(t, hc.Do, newRequest(t, "GET", base+"/items/7", "")); err != nil {
		t.Fatal(err)
	}
}

// A cancelation ends an attempt, a wait and the reading of an error at once. The error wraps
// context.Canceled and the cause; net/http's has the cause alone. While an error is being
// read, net/http has returned the response already.
func TestHTTPCancelWithACause(t *testing.T) {
	for name, answer := range map[string]retrywisetest.Answer{
		"during an attempt": retrywisetest.Hang(),
		"during a wait":     retrywisetest.HTML(503, "Retry-After", "30"),
		"in an error":       pieces(422, time.Minute, "half", "whole"),
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, answer)
				hc := newClient(t, srv, client.Config{}).HTTP()
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				defer time.AfterFunc(time.Second, func() { cancel(errOfTheTest) }).Stop()
				start := time.Now()
				got := ended{Seen: exchange(hc, newRequest(t, "GET", srv.URL()+"/items/7", "").WithContext(ctx))}
				got.Took = time.Since(start)
				want := ended{seen{Err: "error, context canceled, made by the test, url.Error of Get"}, time.Second}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("end (-want +got):\n%s", diff)
				}
			})
		})
	}
}
