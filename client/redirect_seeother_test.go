package client_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// After a 303 the POST was executed. Only the GET that follows is retried, and its failure
// does not prove that the POST was not executed.
func TestRedirectSeeOtherFailures(t *testing.T) {
	for name, tt := range map[string]struct {
		then    script
		want    []string
		applied apierrors.Applied
	}{
		"the GET fails":        {script{retrywisetest.Status(503), retrywisetest.Reset(), retrywisetest.Status(200)}, []string{"POST", "GET", "GET", "GET"}, 0},
		"the GET is throttled": {script{retrywisetest.Status(429, "Retry-After", "1"), retrywisetest.Status(200)}, []string{"POST", "GET", "GET"}, 0},
		"the GET is refused":   {script{retrywisetest.Status(404)}, []string{"POST", "GET"}, apierrors.AppliedUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, append(script{retrywisetest.Status(303, "Location", "/jobs/1")}, tt.then...)...)
				c := newClient(t, srv, client.Config{})
				_, err := send(t.Context(), t, c, "POST", "/jobs", "x")
				var got []string
				for _, r := range srv.Requests() {
					got = append(got, r.Method)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				if err == nil {
					return
				}
				if e := failure(t, err); e.Applied != tt.applied || e.Class != apierrors.NotFound {
					t.Errorf("applied %v, class %v; want %v, not_found", e.Applied, e.Class, tt.applied)
				}
			})
		})
	}
}

// Through HTTP, where net/http follows the 303, the same is known. The response is that of
// the GET, and only the POST has the idempotency key.
func TestRedirectSeeOtherThroughBothDoors(t *testing.T) {
	for _, through := range []string{"Send", "HTTP"} {
		t.Run(through, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				seeOther := retrywisetest.Status(303, "Location", "/jobs/1")
				srv := retrywisetest.New(t, seeOther, retrywisetest.Status(404), seeOther, retrywisetest.Status(503), retrywisetest.Status(200))
				c := newClient(t, srv, client.Config{})
				post := func() (*http.Response, error) {
					req := newRequest(t, http.MethodPost, srv.URL()+"/jobs", "x")
					return doors[through](c, client.With(req, client.CallOptions{IdempotencyKey: "k-1"}))
				}
				resp, err := post()
				if err == nil {
					err = c.Check(resp)
					_ = resp.Body.Close()
				}
				if e := failure(t, err); e.Applied != apierrors.AppliedUnknown {
					t.Errorf("after a GET that was refused: applied %v; want unknown", e.Applied)
				}
				if resp, err = post(); err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				if resp.Request.Method != http.MethodGet || resp.Request.URL.Path != "/jobs/1" {
					t.Errorf("the response is that of %s %s; want GET /jobs/1", resp.Request.Method, resp.Request.URL)
				}
				for _, r := range srv.Requests() {
					if hasKey := r.Header.Get("Idempotency-Key") != ""; hasKey != (r.Method == http.MethodPost) {
						t.Errorf("%s has an idempotency key: %v", r.Method, hasKey)
					}
				}
			})
		})
	}
}

// Behind a 303, the body of the POST is closed, and the GET has no idempotency key.
func TestRedirectSeeOtherDropsBodyAndKey(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		file := fileOf(t, "rows", 0)
		srv := retrywisetest.New(t, retrywisetest.Status(303, "Location", "/jobs/1"), retrywisetest.Status(503), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		req := newRequestOf(t, http.MethodPost, "/jobs", file)
		if _, err := sendRequest(t, c.Send, client.With(req, client.CallOptions{IdempotencyKey: "k"})); err != nil {
			t.Fatal(err)
		}
		if _, err := file.Stat(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Stat of the file: %v; want it closed", err)
		}
		for i, key := range []string{"k", "", ""} {
			if got := srv.Requests()[i].Header.Get("Idempotency-Key"); got != key {
				t.Errorf("request %d had the key %q; want %q", i+1, got, key)
			}
		}
	})
}

// Behind a 303, the vendor's data about the path of the GET applies.
func TestRedirectSeeOtherIsJudgedByItsPath(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		once, err := policy.New(policy.Settings{Name: "shop", Endpoints: []policy.Endpoint{{Methods: []string{"GET"}, Paths: []string{"/jobs/*"}}}})
		if err != nil {
			t.Fatal(err)
		}
		srv := retrywisetest.New(t, retrywisetest.Status(303, "Location", "/jobs/1"), retrywisetest.Status(503))
		_, err = send(t.Context(), t, newClient(t, srv, client.Config{Policy: &once}), "POST", "/jobs", "x")
		if e := failure(t, err); e.Stop != apierrors.StopUnsafe {
			t.Errorf("stop %v; want unsafe", e.Stop)
		}
	})
}

// A call that a redirect continues keeps the doubt of the attempts before it, through both
// doors: a PUT that may have been executed is not told as one that was not.
func TestRedirectKeepsTheDoubt(t *testing.T) {
	for _, through := range []string{"Send", "HTTP"} {
		for _, timeout := range []time.Duration{0, time.Minute} {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Reset(), retrywisetest.Status(307, "Location", "/x"), retrywisetest.Status(403))
				c := newClient(t, srv, client.Config{})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				req := newRequest(t, http.MethodPut, srv.URL()+"/items/7", "x").WithContext(ctx)
				do := doors[through]
				if hc := c.HTTP(); through == "HTTP" {
					hc.Timeout = timeout
					do = func(_ *client.Client, req *http.Request) (*http.Response, error) { return hc.Do(req) }
				}
				resp, err := do(c, req)
				if err == nil {
					err = c.Check(resp)
					_ = resp.Body.Close()
				}
				if e := failure(t, err); e.Class != apierrors.Permission || e.Applied != apierrors.AppliedUnknown {
					t.Errorf("%s: class %v, applied %v; want permission, unknown", through, e.Class, e.Applied)
				}
			})
		}
	}
}
