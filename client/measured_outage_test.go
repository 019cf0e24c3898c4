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

// 100 workers make GETs for a minute to a server that always responds with 503. Measured of
// go-retryablehttp: 5 requests a call, as fast as it can. Here the first calls show the outage;
// then one request at a time finds out whether it is over, and all calls that waited too long
// end with the time to come back.
func TestMeasuredServerThatIsDown(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(503))
		c := newClient(t, srv, client.Config{})
		var workers sync.WaitGroup
		for range 100 {
			workers.Go(func() {
				_, err := send(t.Context(), t, c, "GET", "/items", "")
				if e := failure(t, err); e.Stop != apierrors.StopHeld || e.RetryAt.IsZero() || !apierrors.Temporary(err) {
					t.Errorf("got %v, stop %v, retry at %v; want held, with a time", e, e.Stop, e.RetryAt)
				}
			})
		}
		workers.Wait()
		t.Logf("100 calls made %d requests in a minute", len(srv.Requests()))
		if n := len(srv.Requests()); n > 140 {
			t.Errorf("100 calls made %d requests in a minute; want 140 or fewer", n)
		}
	})
}

// An outage of 300 s. Measured of adaptive throttling as in the SRE book: 95% of the calls
// succeed again 737 s after its end.
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
		if back > 13 || amplified > 1.01 {
			t.Errorf("95%% of the calls succeed after %d s, with %.3f requests per call; want at most 13 s, 1.01", back, amplified)
		}
	})
}
