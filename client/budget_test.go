package client_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Card: 100 GETs to a server that answers 503. Measured of go-retryablehttp: 500 requests.
// Here the first calls use up what there is for retries; after that, a call is a request.
func TestCardAServerThatIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, always(retrywisetest.Status(503)))
		c := newClient(t, srv, client.Config{})
		requests := func(calls int) int {
			before := len(srv.Requests())
			for range calls {
				_, err := send(t.Context(), t, c, "GET", "/items", "")
				if !apierrors.Temporary(err) {
					t.Errorf("not worth another run: %v", err)
				}
			}
			return len(srv.Requests()) - before
		}
		first, later := requests(100), requests(1000)
		_, err := send(t.Context(), t, c, "GET", "/items", "")
		if e := failure(t, err); e.Stop != apierrors.StopBudget || len(e.Attempts) != 1 {
			t.Errorf("stop %v after %d attempts", e.Stop, len(e.Attempts))
		}
		t.Logf("100 calls made %d requests, the next 1,000 made %d", first, later)
		if first != 110 || later != 1000 {
			t.Errorf("100 calls made %d requests, the next 1,000 made %d; want 110 and 1000", first, later)
		}
	})
}

// Successes pay for retries: one fault in ten calls is retried as if there were no budget.
func TestTheBudgetIsEarned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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

// Each credential has a budget of its own, and one that a limit holds back costs nothing.
func TestWhatABudgetIsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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

// Card: an outage of 300 s. Measured of adaptive throttling as in the SRE book: 95% of the
// calls pass again 737 s after it has ended. Here the first tries go on, and so they tell
// at once.
func TestCardTheReturnFromAnOutage(t *testing.T) {
	const (
		perSecond = 20
		outage    = 300 * time.Second
		after     = 30 * time.Second
	)
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if time.Since(began) < outage {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}))
		c := newClient(t, srv, client.Config{})
		var passed [int((outage + after) / time.Second)]atomic.Int64 // calls of each second
		var calls sync.WaitGroup
		for i := range len(passed) * perSecond {
			calls.Go(func() {
				if _, err := send(t.Context(), t, c, "GET", "/items", ""); err == nil {
					passed[i/perSecond].Add(1)
				}
			})
			time.Sleep(time.Second / perSecond) // virtual
		}
		calls.Wait()
		back := 0
		for s := int(outage / time.Second); s < len(passed); s++ {
			if float64(passed[s].Load()) < 0.95*perSecond {
				back = s + 1 - int(outage/time.Second)
			}
		}
		amplified := float64(len(srv.Requests())) / float64(len(passed)*perSecond)
		t.Logf("95%% of the calls pass again %d s after the outage; %.3f requests a call", back, amplified)
		if back > 3 || amplified > 1.01 {
			t.Errorf("back after %d s, %.3f requests a call", back, amplified)
		}
	})
}
