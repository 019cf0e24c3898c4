package traffic

import (
	"testing"
	"testing/synctest"
	"time"
)

// A limit that nobody declared is learned, and then nearly reached.
func TestUnknownLimitIsLearned(t *testing.T) {
	for _, tt := range []struct {
		rate, burst, calls, workers int
		least                       float64
		refused                     int
	}{
		{100, 10, 3000, 16, 0.85, 40},
		{20, 1, 600, 8, 0.70, 40},
		{5, 1, 60, 6, 0.65, 15},
		{400, 40, 8000, 32, 0.80, 60},
	} {
		for seed := range uint64(5) {
			synctest.Test(t, func(t *testing.T) {
				j := newJob(seed, tokens(float64(tt.rate), float64(tt.burst)))
				began := time.Now()
				j.run(t, tt.calls, tt.workers)
				ideal := float64(tt.calls-tt.burst) / float64(tt.rate)
				goodput := ideal / time.Since(began).Seconds()
				if goodput < tt.least || j.refused > tt.refused {
					t.Errorf("%d/s, burst %d, seed %d: %.3f of the limit, %d refused; want %.2f or more, %d or fewer",
						tt.rate, tt.burst, seed, goodput, j.refused, tt.least, tt.refused)
				}
			})
		}
	}
}

// A declared limit that the vendor halves for a while is followed down and up again.
func TestPaceFollowsACut(t *testing.T) {
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			full, half := tokens(100, 10), tokens(50, 5)
			began := time.Now()
			j := newJob(seed, func(now time.Time) time.Duration {
				if since := now.Sub(began); since >= 10*time.Second && since < 20*time.Second {
					return half(now)
				}
				return full(now)
			}, perSecond("x", 100, 10))
			j.run(t, 2500, 16)
			if goodput := 30 / time.Since(began).Seconds(); goodput < 0.90 || j.refused > 40 {
				t.Errorf("seed %d: %.3f of the limit, %d refused; want 0.90 or more, 40 or fewer", seed, goodput, j.refused)
			}
		})
	}
}

// A vendor that refuses everything for a minute is asked now and then, and then served at the
// declared rate.
func TestPaceAfterALongPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		v := tokens(100, 10)
		j := newJob(1, func(now time.Time) time.Duration {
			if now.Sub(began) < time.Minute {
				return time.Second
			}
			return v(now)
		}, perSecond("x", 100, 10))
		j.run(t, 1000, 16)
		if took := time.Since(began); took > 75*time.Second || j.refused > 100 {
			t.Errorf("it took %v, %d refused; want 75s, 100 or fewer", took, j.refused)
		}
	})
}
