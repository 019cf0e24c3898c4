package client_test

import (
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Successes pay for retries: if one request in ten fails, every failure is retried.
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
			t.Errorf("1000 calls made %d requests; want 1111", got)
		}
	})
}

// A retry that succeeds returns its price: a vendor that fails every other request is never
// short of retries.
func TestBudgetOfAnAlternatingVendor(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		var n atomic.Int64
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if n.Add(1)%2 == 1 {
				w.WriteHeader(http.StatusBadGateway)
			}
		}))
		c := newClient(t, srv, client.Config{})
		for i := range 60 {
			if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		}
	})
}

// Five successes or surfaced records pay for one retry, up to a bound. A 423 is retried, and is no
// outage.
func TestBudgetCredits(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		status := 423
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		c := newClient(t, srv, client.Config{})
		// retries returns how many retries that many calls make, all of which get code.
		retries := func(calls, code int) int {
			status = code
			before := len(srv.Requests())
			for range calls {
				_, _ = send(t.Context(), t, c, "GET", "/items", "")
			}
			return len(srv.Requests()) - before - calls
		}
		for i, step := range []struct{ calls, status, want int }{
			{20, 423, 10},            // the initial budget
			{4, 200, 0}, {5, 423, 0}, // four successes are not enough
			{1, 200, 0}, {5, 423, 1}, // the fifth success
			{5, 422, 0}, {5, 423, 1}, // surfaced records
			{5, 401, 0}, {5, 423, 0}, // failures that are not surfaced
			{10000, 200, 0}, {1, 422, 0}, // up to the bound, and a surfaced record takes nothing
			{60, 423, 100},
		} {
			if got := retries(step.calls, step.status); got != step.want {
				t.Errorf("step %d: %d calls with status %d made %d retries; want %d", i+1, step.calls, step.status, got, step.want)
			}
		}
	})
}

// With a price of its own, a retry after a 429 is paid for, and comes back when it succeeds. If
// there is none left, the call is deferred.
func TestBudgetPaysForThrottledRetries(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		limited := retrywisetest.Status(429, "Retry-After", "1")
		srv := retrywisetest.New(t, limited, retrywisetest.Status(200), limited, limited, limited)
		p := shopPolicy(t).WithRetry(policy.Retry{Prices: policy.Prices{Full: 10, Retry: 10, Throttled: 5, Success: 1}})
		c := newClient(t, srv, client.Config{Policy: &p})
		if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
			t.Error(err)
		}
		_, err := send(t.Context(), t, c, "GET", "/items", "")
		if e := failure(t, err); e.Stop != apierrors.StopBudget || e.Action != apierrors.Defer || e.RetryAt.IsZero() {
			t.Errorf("stop %v, %v, retry at %v; want budget, defer, a time", e.Stop, e.Action, e.RetryAt)
		}
	})
}

// With prices by failure, calls that may not be retried empty the budget for those that may.
func TestBudgetCountsEachFailure(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, slices.Repeat(script{retrywisetest.Status(423)}, 5)...)
		p := policy.Default().WithRetry(policy.Retry{Prices: policy.Prices{Full: 10, Retry: 1, Success: 1, EachFailure: true}})
		c := newClientOf(t, client.Config{BaseURL: srv.URL(), Transport: srv.Transport(), Policy: &p})
		for range 4 { // to half of the budget, but for one
			_, _ = send(t.Context(), t, c, "GET", "/items", "", client.CallOptions{MaxAttempts: 1})
		}
		if left := c.Status()[0].Retries; left != 0 {
			t.Errorf("%d retries are left; want 0", left)
		}
		_, err := send(t.Context(), t, c, "GET", "/items", "")
		if e := failure(t, err); e.Stop != apierrors.StopBudget || len(srv.Requests()) != 5 {
			t.Errorf("stop %v after %d requests; want budget after 5", e.Stop, len(srv.Requests()))
		}
	})
}

// Each credential has its own budget, and a retry after a 429 costs nothing.
func TestBudgetIsPerCredential(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		limited := 0
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Header.Get("X-Api-Key") != "limited":
				w.WriteHeader(http.StatusLocked)
			case limited%4 < 3:
				limited++
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusTooManyRequests)
			default:
				limited++
			}
		}))
		c := newClient(t, srv, client.Config{})
		call := func(key string) error {
			req := newRequest(t, http.MethodGet, "/items", "")
			req.Header.Set("X-Api-Key", key)
			_, err := sendRequest(t, c.Send, req)
			return err
		}
		for range 5 {
			_ = call("down")
		}
		if e := failure(t, call("down")); e.Stop != apierrors.StopBudget {
			t.Errorf("the sixth call: stop %v; want budget", e.Stop)
		}
		if e := failure(t, call("another")); e.Stop != apierrors.StopAttempts {
			t.Errorf("with another credential: stop %v; want attempts", e.Stop)
		}
		for range 5 {
			if err := call("limited"); err != nil {
				t.Errorf("a call that gets three times 429: %v", err)
			}
		}
	})
}

// A call to a foreign origin takes nothing from the vendor's budget and adds nothing to it.
func TestBudgetIgnoresForeignResponses(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		vendor := retrywisetest.Handle(t, retrywisetest.Status(423))
		status := 423
		storage := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		c := newClient(t, nil, client.Config{
			BaseURL: "https://vendor.test", Transport: origins{"https://vendor.test": vendor, "https://storage.test": storage},
		})
		call := func(times int, target string) {
			for range times {
				_, _ = send(t.Context(), t, c, "GET", target, "")
			}
		}
		call(20, "https://storage.test/f")
		call(20, "https://vendor.test/items")
		if got := len(vendor.Requests()); got != 30 {
			t.Errorf("after 20 failures of a foreign origin, 20 calls made %d requests; want 30", got)
		}
		status = 200
		call(100, "https://storage.test/f")
		call(10, "https://vendor.test/items")
		if got := len(vendor.Requests()); got != 40 {
			t.Errorf("after 100 successes of a foreign origin, 30 calls made %d requests; want 40", got)
		}
	})
}
