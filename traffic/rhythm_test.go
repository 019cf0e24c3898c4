package traffic

import (
	"testing"
	"testing/synctest"
	"time"
)

// windowsOf is a vendor that accepts so many requests in each period, and does not say so.
func windowsOf(size int, period, offset time.Duration) func(time.Time) time.Duration {
	var began time.Time
	used := 0
	return func(now time.Time) time.Duration {
		if start := now.Add(-offset).Truncate(period).Add(offset); !start.Equal(began) {
			began, used = start, 0
		}
		if used++; used > size {
			return 500 * time.Millisecond // a back-off, as the vendor asks for no wait
		}
		return 0
	}
}

// Windows that responses do not announce are found, whether they turn with the clock or not.
func TestUntoldWindowsAreFound(t *testing.T) {
	for _, tt := range []struct {
		offset time.Duration
		least  float64
	}{{0, 0.97}, {370 * time.Millisecond, 0.80}, {1370 * time.Millisecond, 0.80}} {
		for seed := range uint64(5) {
			synctest.Test(t, func(t *testing.T) {
				j := newJob(seed, windowsOf(200, 2*time.Second, tt.offset))
				began := time.Now()
				j.run(t, 1600, 16)
				if goodput := 14 / time.Since(began).Seconds(); goodput < tt.least || j.refused > 30 {
					t.Errorf("offset %v, seed %d: %.3f of the limit, %d refused; want %.2f or more, 30 or fewer", tt.offset, seed, goodput, j.refused, tt.least)
				}
			})
		}
	}
}

// A limit without windows is not taken for one with them, even if many requests were accepted
// before its first refusal.
func TestNoWindowsAreFoundWhereThereAreNone(t *testing.T) {
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			bucket := tokens(400, 40)
			j := newJob(seed, func(now time.Time) time.Duration { return bucket(now) / 2 }) // a back-off
			began := time.Now()
			j.run(t, 8000, 32)
			if goodput := 20 / time.Since(began).Seconds(); goodput < 0.80 || j.refused > 2*32 {
				t.Errorf("seed %d: %.3f of the limit, %d refused; want 0.80 or more, two for each worker or fewer", seed, goodput, j.refused)
			}
		})
	}
}

// A vendor whose windows become smaller is followed.
func TestUntoldWindowsThatChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		large, small := windowsOf(200, 2*time.Second, 0), windowsOf(50, 2*time.Second, 0)
		j := newJob(1, func(now time.Time) time.Duration {
			if since := now.Sub(began); since > 10*time.Second && since < 20*time.Second {
				return small(now)
			}
			return large(now)
		})
		j.run(t, 10_000, 16)
		if took := time.Since(began); took > 160*time.Second || j.refused > 200 {
			t.Errorf("it took %v, %d refused; want 160s, 200 or fewer", took, j.refused)
		}
	})
}
