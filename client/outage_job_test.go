//go:build !race

package client_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// servedAt returns how many requests to a path were served.
func (v *frail) servedAt(path string) int64 {
	n, ok := v.served.Load(path)
	if !ok {
		return 0
	}
	return n.(*atomic.Int64).Load() //nolint:forcetypeassert // as above
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
