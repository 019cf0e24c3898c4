package client_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Five successes pay for one retry, a surfaced record is as good as a success, and what
// is saved up is bounded and not lost by a refusal.
func TestWhatASuccessPaysFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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

// What is fetched from elsewhere neither uses up the vendor's budget nor pays into it.
func TestABudgetIsOfTheVendor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := retrywisetest.Handle(t, always(retrywisetest.Status(503)))
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

// What is fetched from elsewhere says nothing of the records before and after it.
func TestAStreakIsOfTheVendor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := retrywisetest.Handle(t, always(retrywisetest.Status(400, "X-Code", "BAD")))
		storage := retrywisetest.Handle(t, always(retrywisetest.Status(200)))
		strictly := shopPolicy(t).WithRetry(policy.Retry{EscalateAfter: new(2)})
		c := newClient(t, nil, client.Config{
			Policy: &strictly, BaseURL: "https://vendor.test",
			Transport: origins{"https://vendor.test": vendor, "https://storage.test": storage},
		})
		for i, want := range []apierrors.Action{apierrors.Surface, apierrors.Surface, apierrors.FailFast} {
			_, err := send(t.Context(), t, c, "POST", "https://vendor.test/items", "")
			if e := failure(t, err); e.Action != want {
				t.Errorf("record %d: %v; want %v", i+1, e.Action, want)
			}
			_, _ = send(t.Context(), t, c, "GET", "https://storage.test/f", "")
		}
	})
}
