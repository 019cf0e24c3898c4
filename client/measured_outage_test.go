package client_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// 100 GETs to a server that always responds with 503. Measured of go-retryablehttp: 500
// requests. Here the first calls use up the retry budget; after that, each call is one
// request.
func TestMeasuredServerThatIsDown(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(503))
		c := newClient(t, srv, client.Config{})
		requests := func(calls int) int {
			before := len(srv.Requests())
			for range calls {
				_, err := send(t.Context(), t, c, "GET", "/items", "")
				if !apierrors.Temporary(err) {
					t.Errorf("got %v; want a temporary failure", err)
				}
			}
			return len(srv.Requests()) - before
		}
		first, later := requests(100), requests(1000)
		_, err := send(t.Context(), t, c, "GET", "/items", "")
		if e := failure(t, err); e.Stop != apierrors.StopBudget || len(e.Attempts) != 1 {
			t.Errorf("stop %v after %d attempts; want budget after 1", e.Stop, len(e.Attempts))
		}
		t.Logf("100 calls made %d requests, the next 1,000 made %d", first, later)
		if first != 110 || later != 1000 {
			t.Errorf("100 calls made %d requests, the next 1,000 made %d; want 110 and 1000", first, later)
		}
	})
}

// An outage of 300 s. Measured of adaptive throttling as in the SRE book: 95% of the calls
// succeed again 737 s after its end. Here first attempts are not held back, so they succeed
// at once.
func TestMeasuredReturnFromAnOutage(t *testing.T) {
	const (
		perSecond = 20
		outage    = 300 * time.Second
		after     = 30 * time.Second
	)
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		start := time.Now()
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if time.Since(start) < outage {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}))
		c := newClient(t, srv, client.Config{})
		var succeeded [int((outage + after) / time.Second)]atomic.Int64 // calls of each second
		var calls sync.WaitGroup
		for i := range len(succeeded) * perSecond {
			calls.Go(func() {
				if _, err := send(t.Context(), t, c, "GET", "/items", ""); err == nil {
					succeeded[i/perSecond].Add(1)
				}
			})
			time.Sleep(time.Second / perSecond) // virtual
		}
		calls.Wait()
		back := 0
		for s := int(outage / time.Second); s < len(succeeded); s++ {
			if float64(succeeded[s].Load()) < 0.95*perSecond {
				back = s + 1 - int(outage/time.Second)
			}
		}
		amplified := float64(len(srv.Requests())) / float64(len(succeeded)*perSecond)
		t.Logf("95%% of the calls succeed %d s after the outage; %.3f requests per call", back, amplified)
		if back > 3 || amplified > 1.01 {
			t.Errorf("95%% of the calls succeed after %d s, with %.3f requests per call; want at most 3 s, 1.01", back, amplified)
		}
	})
}
