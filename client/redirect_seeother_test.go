package client_test

import (
	"errors"
	"net/http"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// The POST that a 303 answers was executed: what fails behind it is the GET, which is
// sent again alone, and no failure of it says that nothing was applied.
func TestRedirectSeeOtherFailures(t *testing.T) {
	for name, tt := range map[string]struct {
		then    script
		want    []string
		applied apierrors.Applied
	}{
		"the answer is late":      {script{retrywisetest.Status(503), retrywisetest.Reset(), retrywisetest.Status(200)}, []string{"POST", "GET", "GET", "GET"}, 0},
		"the answer is limited":   {script{retrywisetest.Status(429, "Retry-After", "1"), retrywisetest.Status(200)}, []string{"POST", "GET", "GET"}, 0},
		"the answer is not there": {script{retrywisetest.Status(404)}, []string{"POST", "GET"}, apierrors.AppliedUnknown},
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
					t.Errorf("applied %v, class %v", e.Applied, e.Class)
				}
			})
		})
	}
}

// Through HTTP() as well, a 303 says that the POST was executed; and its answer is that of
// the GET, also where that was sent again.
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
					t.Errorf("the POST was executed; told: applied %v", e.Applied)
				}
				if resp, err = post(); err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				if resp.Request.Method != http.MethodGet || resp.Request.URL.Path != "/jobs/1" {
					t.Errorf("the answer is that of %s %s", resp.Request.Method, resp.Request.URL)
				}
				for _, r := range srv.Requests() {
					if hasKey := r.Header.Get("Idempotency-Key") != ""; hasKey != (r.Method == http.MethodPost) {
						t.Errorf("%s with an idempotency key: %v", r.Method, hasKey)
					}
				}
			})
		})
	}
}

// The GET behind a 303 is a call of its own: without the POST's key, by its own path, and
// the POST's body is closed.
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
			t.Errorf("the file is still open: %v", err)
		}
		for i, key := range []string{"k", "", ""} {
			if got := srv.Requests()[i].Header.Get("Idempotency-Key"); got != key {
				t.Errorf("request %d had the key %q; want %q", i+1, got, key)
			}
		}
	})
}

func TestRedirectSeeOtherIsJudgedByItsPath(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		once, err := policy.New(policy.Settings{Name: "shop", Endpoints: []policy.Endpoint{{Methods: []string{"GET"}, Paths: []string{"/jobs/*"}}}})
		if err != nil {
			t.Fatal(err)
		}
		srv := retrywisetest.New(t, retrywisetest.Status(303, "Location", "/jobs/1"), retrywisetest.Status(503))
		_, err = send(t.Context(), t, newClient(t, srv, client.Config{Policy: &once}), "POST", "/jobs", "x")
		if e := failure(t, err); e.Stop != apierrors.StopUnsafe {
			t.Errorf("stop %v", e.Stop)
		}
	})
}
