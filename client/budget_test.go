package client_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Successes pay for retries: one fault in ten calls is retried as if there were no budget.
func TestBudgetIsEarnedBySuccesses(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		var n atomic.Int64
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if n.Add(1)%10 == 0 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}))
		c := newClient(t, srv, client.Config{})
		for i := range 1000 {
			if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
				t.Fatalf("call %d: %v", i, err)
			}
		}
		if got := len(srv.Requests()); got != 1111 {
			t.Errorf("%d requests; want 1111", got)
		}
	})
}

// Five successes pay for one retry, a surfaced record is as good as a success, and what
// is saved up is bounded and not lost by a refusal.
func TestBudgetCredits(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		answer := 503
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(answer) }))
		c := newClient(t, srv, client.Config{})
		// retries is how many of those calls made requests beyond their first.
		retries := func(calls, status int) int {
			answer = status
			before := len(srv.Requests())
			for range calls {
				_, _ = send(t.Context(), t, c, "GET", "/items", "")
			}
			return len(srv.Requests()) - before - calls
		}
		for i, step := range []struct{ calls, status, want int }{
			{20, 503, 10},            // the start
			{4, 200, 0}, {5, 503, 0}, // not enough
			{1, 200, 0}, {5, 503, 1}, // the fifth
			{5, 422, 0}, {5, 503, 1}, // records that were refused
			{5, 401, 0}, {5, 503, 0}, // everybody is refused: nothing was served
			{10000, 200, 0}, {1, 422, 0}, // saved up, and nothing is lost of it
			{60, 503, 100},
		} {
			if got := retries(step.calls, step.status); got != step.want {
				t.Errorf("step %d: %d calls that met %d made %d retries; want %d", i+1, step.calls, step.status, got, step.want)
			}
		}
	})
}

// Each credential has a budget of its own, and one that a limit holds back costs nothing.
func TestBudgetIsPerCredential(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		limited := 0
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Header.Get("X-Api-Key") != "limited":
				w.WriteHeader(http.StatusServiceUnavailable)
			case limited < 30:
				limited++
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusTooManyRequests)
			}
		}))
		c := newClient(t, srv, client.Config{})
		call := func(key string) error {
			req := newRequest(t, http.MethodGet, "/items", "")
			req.Header.Set("X-Api-Key", key)
			resp, err := c.Send(req)
			if err == nil {
				_ = resp.Body.Close()
			}
			return err
		}
		for range 5 {
			_ = call("down")
		}
		if e := failure(t, call("down")); e.Stop != apierrors.StopBudget {
			t.Errorf("stop %v", e.Stop)
		}
		if e := failure(t, call("another")); e.Stop != apierrors.StopAttempts {
			t.Errorf("with another credential: stop %v", e.Stop)
		}
		if err := call("limited"); err != nil {
			t.Errorf("30 times held back: %v", err)
		}
	})
}

// What is fetched from elsewhere neither uses up the vendor's budget nor pays into it.
func TestBudgetIgnoresForeignResponses(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		vendor := retrywisetest.Handle(t, retrywisetest.Status(503))
		storage := 503
		elsewhere := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(storage) }))
		c := newClient(t, nil, client.Config{
			BaseURL: "https://vendor.test", Transport: origins{"https://vendor.test": vendor, "https://storage.test": elsewhere},
		})
		call := func(times int, target string) {
			for range times {
				_, _ = send(t.Context(), t, c, "GET", target, "")
			}
		}
		call(20, "https://storage.test/f")
		call(20, "https://vendor.test/items")
		if got := len(vendor.Requests()); got != 30 {
			t.Errorf("20 calls made %d requests; want 30", got)
		}
		storage = 200
		call(100, "https://storage.test/f")
		call(10, "https://vendor.test/items")
		if got := len(vendor.Requests()); got != 40 {
			t.Errorf("30 calls made %d requests; want 40: elsewhere pays for nothing", got)
		}
	})
}
