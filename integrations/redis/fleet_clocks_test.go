//go:build redis

package retrywiseredis_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// Two processes whose clocks differ share a limit, as only the server's clock counts. That of one is
// years behind, and lags a little.
func TestFleetOfProcessesWhoseClocksDiffer(t *testing.T) {
	t.Parallel()
	s, ours, theirs := start(t), newJob(), newJob()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stores := []*timedStore{newTimedStore(t, s.options())}
	ours.begin(ctx, t, stores[0])
	vendor, clock := newOutside(t), newOutside(t)
	theirs.admits = func(time.Time, time.Time) {
		vendor(func() { now := time.Now(); ours.admit(now, now); theirs.admit(now, now) })
	}
	var lag time.Duration
	synctest.Test(t, func(t *testing.T) { // whose clock begins in the year 2000
		if year := time.Now().Year(); year != 2000 {
			t.Fatalf("the year is %d", year)
		}
		ctx, cancel := context.WithCancel(t.Context())
		stores = append(stores, newTimedStore(t, s.options()))
		theirs.begin(ctx, t, stores[1])
		lag = atRealSpeed(clock, func() bool { return ours.count() >= 600 && theirs.count() >= 100 })
		cancel()
		theirs.end(t)
	})
	cancel()
	ours.end(t)
	most := jobBurst + realTime(2*jobWorkers, stores, lag)
	if got := ours.beyond(); got > most {
		t.Errorf("%.1f requests beyond the rate; want at most %.1f", got, most)
	}
	t.Logf("%.1f requests beyond the rate, of %.1f; %d of %d requests are theirs; their clock lagged by %v",
		ours.beyond(), most, theirs.count(), ours.count(), lag)
}

// atRealSpeed lets the virtual time of a bubble pass as fast as the real one, until something is so.
// It returns by how much it lagged, at most.
func atRealSpeed(outside func(func()), is func() bool) (lag time.Duration) {
	var actual, began time.Time
	outside(func() { began = time.Now() })
	for virtual := time.Now(); !is(); {
		outside(func() { time.Sleep(time.Millisecond); actual = time.Now() })
		late := actual.Sub(began) - time.Since(virtual)
		lag = max(lag, late)
		time.Sleep(late)
	}
	return lag
}

// count returns how many requests were admitted.
func (j *job) count() int { return j.since(time.Time{}) }
