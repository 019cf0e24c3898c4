//go:build !race

package traffic

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/policy"
)

// A collapse is 40 calls a second to a vendor that can take them, and for a time up to 80,
// which it cannot. (Brooker's simulator.)
type collapse struct {
	clients  int
	budget   int  // retries of each client
	isShared bool // the clients share a Store
	climb    bool // to 80 calls a second within 40 s; otherwise there are 80 for 5 s
}

// isStuck simulates the collapse, and reports whether the vendor is still down in the last 20
// of the 75 s after it.
func (c collapse) isStuck(t *testing.T, seed uint64) (stuck bool) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(seed, c.clients)
		f.prices = policy.Default().WithRetry(policy.Retry{Budget: new(c.budget)}).Retry().BudgetPrices()
		if c.isShared {
			f.share(t)
		}
		f.serve = collapsing()
		start := time.Now()
		var all sync.WaitGroup
		f.offer(t, &all, 40, 20*time.Second)
		if c.climb {
			for more := range 40 {
				f.offer(t, &all, float64(41+more), time.Second)
			}
		} else {
			f.offer(t, &all, 80, 5*time.Second)
		}
		f.offer(t, &all, 40, 75*time.Second)
		end := time.Since(start)
		all.Wait()
		offered, served := within(f.offered, start, end-20*time.Second, end), within(f.served, start, end-20*time.Second, end)
		stuck = float64(served) < 0.75*float64(offered)
	})
	return stuck
}

// collapsing is a vendor that becomes slower with each request under way, and works on for those
// who have given up: its latency is 1 s and 10 ms for each. Calls give up after 3 s.
func collapsing() func(now time.Time) (took time.Duration, ok bool) {
	var ends []time.Time
	return func(now time.Time) (time.Duration, bool) {
		kept := ends[:0]
		for _, end := range ends {
			if end.After(now) {
				kept = append(kept, end)
			}
		}
		took := time.Second + time.Duration(len(kept))*10*time.Millisecond
		ends = append(kept, now.Add(took))
		return min(took, 3*time.Second), took <= 3*time.Second
	}
}

// A vendor that collapses is not kept down by those that try again. A thousand clients with a
// call in 25 s each, and no shared memory, must not retry for that.
func TestCollapsedVendorRecovers(t *testing.T) {
	for _, c := range []collapse{
		{clients: 1, budget: 10}, {clients: 10, budget: 10}, {clients: 100, budget: 10}, {clients: 300, budget: 10},
		{clients: 1, budget: 10, climb: true}, {clients: 10, budget: 10, climb: true},
		{clients: 100, budget: 10, climb: true}, {clients: 300, budget: 10, climb: true},
		{clients: 1000, budget: 0}, {clients: 1000, budget: 0, climb: true},
		{clients: 1000, budget: 10, isShared: true}, {clients: 1000, budget: 10, isShared: true, climb: true},
	} {
		if stuck := c.stuck(t); stuck > 0 {
			t.Errorf("%+v: the vendor stays down in %d of %d simulations", c, stuck, *seeds)
		}
	}
}

// What README says of clients that are too small to notice an outage: no row of failures is long
// enough, and their budgets add up.
func TestCollapsedVendorIsKeptDownByManySmallBudgets(t *testing.T) {
	spike, climb := collapse{clients: 1000, budget: 10}, collapse{clients: 1000, budget: 10, climb: true}
	t.Logf("after a spike, the vendor stays down in %d of %d simulations", spike.stuck(t), *seeds)
	if stuck := climb.stuck(t); stuck == 0 {
		t.Error("after a climb, the vendor recovers: say so in the README")
	}
}

// stuck returns in how many simulations the vendor stays down.
func (c collapse) stuck(t *testing.T) (stuck int) {
	for seed := range uint64(*seeds) {
		if c.isStuck(t, seed) {
			stuck++
		}
	}
	return stuck
}
