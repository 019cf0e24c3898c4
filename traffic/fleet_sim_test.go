//go:build !race

package traffic

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestZFleetOutage(t *testing.T) {
	for _, perSecond := range []float64{1000} {
		for _, clients := range []int{1000} {
			for _, long := range []time.Duration{10 * time.Second} {
				synctest.Test(t, func(t *testing.T) {
					f := newFleet(1, clients)
					f.share(t)
					start := time.Now()
					begins, ends := 30*time.Second, 30*time.Second+long
					f.serve = func(now time.Time) (time.Duration, bool) {
						since := now.Sub(start)
						return 50 * time.Millisecond, since < begins || since >= ends
					}
					var all sync.WaitGroup
					f.offer(t, &all, perSecond, ends+30*time.Second)
					all.Wait()
					amp := float64(within(f.requests, start, begins, ends)) / float64(within(f.offered, start, begins, ends))
					for back := time.Second; back < 30*time.Second; back += time.Second {
						from, to := ends+back, ends+back+2*time.Second
						offered, served := within(f.offered, start, from, to), within(f.ends, start, from, to)
						if float64(served) >= .95*float64(offered) {
							t.Logf("%d clients %v/s %v: amp %.3f, %.1f requests/s, back after %v", clients, perSecond, long, amp, float64(within(f.requests, start, begins, ends))/long.Seconds(), back)
							break
						}
					}
					lost := within(f.offered, start, begins, ends) - within(f.served, start, begins, ends)
					t.Logf("lost %d of %d", lost, within(f.offered, start, begins, ends))
				})
			}
		}
	}
}
