package client

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// The engine takes over after a failure that was judged, and retries until the judge decides
// otherwise.
func TestEngineCarriesACall(t *testing.T) {
	down := result{err: errors.New("down")}
	moved := result{response: &http.Response{
		StatusCode: 307, Header: http.Header{"Location": {"::not a URL"}}, Body: http.NoBody,
	}}
	final := errors.New("the judge's error")
	type verdict struct {
		again bool
		err   error
	}
	for name, tt := range map[string]struct {
		first    result
		verdicts []verdict
		sends    int
		err      error
	}{
		"the first retry succeeds":  {down, []verdict{{false, nil}}, 1, nil},
		"the third retry succeeds":  {down, []verdict{{true, nil}, {true, nil}, {false, nil}}, 3, nil},
		"the second retry is final": {down, []verdict{{true, nil}, {false, final}}, 2, final},
		"it begins with a redirect": {moved, []verdict{{false, nil}}, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				var sent []string
				start, req := time.Now(), newTestRequest(t, "/0")
				e := engine{
					send: func(r *http.Request) (*http.Response, error) {
						sent = append(sent, r.URL.Path)
						return &http.Response{StatusCode: 200, Header: http.Header{"Location": {"::not a URL"}}, Body: http.NoBody}, nil
					},
					judge: func(resp *http.Response, err error) (bool, error) {
						if err != nil || resp.Header.Get("Location") != "::not a URL" {
							t.Errorf("the judge got %+v, error %v; want the response that was sent", resp, err)
						}
						return tt.verdicts[len(sent)-1].again, tt.verdicts[len(sent)-1].err
					},
					delay:   func() time.Duration { return time.Minute },
					replace: func() *http.Request { return newTestRequest(t, "/1") },
				}
				resp, err := e.carry(req, tt.first) //nolint:bodyclose // it is http.NoBody
				if !errors.Is(err, tt.err) || (resp == nil) != (tt.err != nil) {
					t.Errorf("got %v, error %v; want error %v, or a response", resp, err, tt.err)
				}
				if took := time.Since(start); len(sent) != tt.sends || took != time.Duration(tt.sends)*time.Minute {
					t.Errorf("%d requests in %v; want %d, a minute before each", len(sent), took, tt.sends)
				}
				for _, path := range sent {
					if path != "/1" {
						t.Errorf("sent %s; want /1, which replaces it", path)
					}
				}
			})
		})
	}
}

// A context that ends during a delay ends the call with its bare error.
func TestEngineEndsInADelay(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		e := engine{delay: func() time.Duration { return time.Hour }}
		resp, err := e.carry(newTestRequest(t, "/").WithContext(ctx), result{err: errors.New("down")})
		if resp != nil || !errors.Is(err, context.DeadlineExceeded) || e.err != nil {
			t.Errorf("got %v, error %v, judged %v; want deadline exceeded, and no judgement", resp, err, e.err)
		}
		if resp != nil {
			_ = resp.Body.Close()
		}
	})
}

func newTestRequest(t *testing.T, path string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://vendor.test"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}
