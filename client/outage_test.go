package client_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A frail vendor takes 10 ms for each request, and fails where fails says so.
type frail struct {
	start    time.Time
	fails    func(since time.Duration, path string) bool
	requests atomic.Int64
	served   sync.Map // of path to *atomic.Int64
}

func (v *frail) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.requests.Add(1)
	time.Sleep(10 * time.Millisecond)
	if v.fails(time.Since(v.start), r.URL.Path) {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	n, _ := v.served.LoadOrStore(r.URL.Path, new(atomic.Int64))
	n.(*atomic.Int64).Add(1) //nolint:forcetypeassert // nothing else is stored
}

// servedAt returns how many requests to a path were served.
func (v *frail) servedAt(path string) int64 {
	n, ok := v.served.Load(path)
	if !ok {
		return 0
	}
	return n.(*atomic.Int64).Load() //nolint:forcetypeassert // as above
}

func newFrail(t *testing.T, fails func(time.Duration, string) bool) (*frail, client.Config) {
	v := &frail{start: time.Now(), fails: fails}
	srv := retrywisetest.Handle(t, v)
	return v, client.Config{BaseURL: srv.URL(), Transport: srv.Transport()}
}

// forever makes GETs to paths, one after the other, by some workers for a time, and returns how
// many calls failed.
func forever(t *testing.T, c *client.Client, workers int, long time.Duration, path func(i int) string) (calls, failed int64) {
	var n, bad atomic.Int64
	end := time.Now().Add(long)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for time.Now().Before(end) {
				if _, err := send(t.Context(), t, c, "GET", path(int(n.Add(1))), ""); err != nil {
					bad.Add(1)
				}
			}
		})
	}
	all.Wait()
	return n.Load(), bad.Load()
}

func items(int) string { return "/items" }

// A vendor that fails at random is not held, and nearly all calls succeed.
func TestBrownoutIsRiddenOut(t *testing.T) {
	for share, tt := range map[int]struct{ success, amplification float64 }{10: {0.999, 1.2}, 30: {0.985, 1.5}, 50: {0, 2}} {
		t.Run(fmt.Sprint(share), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				var mu sync.Mutex
				random := rand.New(rand.NewPCG(uint64(share), 5))
				v, cfg := newFrail(t, func(time.Duration, string) bool {
					mu.Lock()
					defer mu.Unlock()
					return random.IntN(100) < share
				})
				c := newClientOf(t, cfg)
				c.SetRandom(0.5)
				calls, failed := forever(t, c, 64, 40*time.Second, items)
				success, amplification := 1-float64(failed)/float64(calls), float64(v.requests.Load())/float64(calls)
				t.Logf("%d calls: success %.4f, %.2f requests a call", calls, success, amplification)
				if success < tt.success || amplification > tt.amplification {
					t.Errorf("%d calls: success %.4f, %.2f requests a call; want %.3f or more, %.1f or fewer", calls, success, amplification, tt.success, tt.amplification)
				}
			})
		})
	}
}

// One endpoint of five that is down holds back its own calls only.
func TestOutageOfAnEndpoint(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v, cfg := newFrail(t, func(since time.Duration, path string) bool {
			return path == "/e0" && since >= 10*time.Second && since < 70*time.Second
		})
		c := newClientOf(t, cfg)
		path := func(i int) string { return fmt.Sprintf("/e%c", "abcde"[i%5]) }
		path0 := func(i int) string { return strings.Replace(path(i), "/ea", "/e0", 1) }
		forever(t, c, 16, 10*time.Second, path0)
		before := v.servedAt("/eb")
		calls, failed := forever(t, c, 16, 30*time.Second, path0)
		after := v.servedAt("/eb") - before
		t.Logf("another endpoint: %d in 10 s before, %d in 30 s; %d of %d calls failed", before, after, failed, calls)
		if float64(after)/3 < 0.75*float64(before) {
			t.Errorf("another endpoint was served %d times in 10 s before, and %d times in 30 s; want 0.75 of that or more", before, after)
		}
	})
}

// How a call ends while the vendor is held.
func TestCallInAnOutage(t *testing.T) {
	for name, tt := range map[string]struct {
		retry   policy.Retry
		maxWait *time.Duration
		method  string
		class   apierrors.Class
		stop    apierrors.Stop
		applied apierrors.Applied
		sends   bool
	}{
		"a read that may wait":         {policy.Retry{}, nil, "GET", apierrors.ServerError, apierrors.StopHeld, apierrors.AppliedNo, true},
		"a read that may not wait":     {policy.Retry{}, new(time.Millisecond), "GET", apierrors.ServerError, apierrors.StopHeld, apierrors.AppliedNo, false},
		"a read that is deferred":      {policy.Retry{Outage: policy.OutageDefer}, nil, "GET", apierrors.ServerError, apierrors.StopHeld, apierrors.AppliedNo, false},
		"a write that is not sent":     {policy.Retry{}, new(time.Millisecond), "POST", apierrors.ServerError, apierrors.StopHeld, apierrors.AppliedNo, false},
		"a write that is deferred":     {policy.Retry{Outage: policy.OutageDefer}, nil, "POST", apierrors.ServerError, apierrors.StopHeld, apierrors.AppliedNo, false},
		"a write that has to find out": {policy.Retry{}, nil, "POST", apierrors.ServerError, apierrors.StopUnsafe, apierrors.AppliedUnknown, true},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v, cfg := newFrail(t, func(time.Duration, string) bool { return true })
				p := policy.Default().WithRetry(policy.Retry{MaxWait: new(20 * time.Second)}).WithRetry(tt.retry)
				cfg.Policy = &p
				c := newClientOf(t, cfg)
				var all sync.WaitGroup
				for range 40 { // until it is held
					all.Go(func() { _, _ = send(t.Context(), t, c, "PUT", "/items", "x") })
				}
				all.Wait()
				time.Sleep(10 * time.Millisecond)
				before := v.requests.Load()
				body := ""
				if tt.method == "POST" {
					body = "x"
				}
				_, err := send(t.Context(), t, c, tt.method, "/items", body, client.CallOptions{MaxWait: tt.maxWait})
				e := failure(t, err)
				sent := v.requests.Load() > before
				if e.Class != tt.class || e.Stop != tt.stop || sent != tt.sends || tt.stop == apierrors.StopHeld && e.RetryAt.IsZero() {
					t.Errorf("class %v, stop %v, applied %v, sent %v, retry at %v: %v", e.Class, e.Stop, e.Applied, sent, e.RetryAt, err)
				}
				if tt.stop == apierrors.StopHeld && !strings.Contains(e.Hint, "has only failed since") {
					t.Errorf("hint %q; want since when the vendor fails", e.Hint)
				}
			})
		})
	}
}

// Close ends the calls that an outage holds back.
func TestCloseInAnOutage(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		_, cfg := newFrail(t, func(time.Duration, string) bool { return true })
		c := newClientOf(t, cfg)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				_, err := send(t.Context(), t, c, "GET", "/items", "")
				if e := failure(t, err); e.Class != apierrors.Canceled || e.Rule != "the client was closed" {
					t.Errorf("got %v, rule %q", e, e.Rule)
				}
			})
		}
		time.Sleep(3*time.Second + 5*time.Millisecond)
		synctest.Wait()
		_ = c.Close()
		all.Wait()
	})
}

// One record that fails whatever is done holds nobody back.
func TestPoisonedRecordIsNoOutage(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		_, cfg := newFrail(t, func(_ time.Duration, path string) bool { return path == "/records/7" })
		c := newClientOf(t, cfg)
		for i := range 100 {
			_, err := send(t.Context(), t, c, "GET", fmt.Sprintf("/records/%d", i%10), "")
			if (err != nil) != (i%10 == 7) {
				t.Fatalf("call %d: %v", i, err)
			}
		}
	})
}
