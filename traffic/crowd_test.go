package traffic

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A slotVendor executes so many requests at once, and refuses the others without saying for how
// long.
type slotVendor struct {
	count int
	work  func() time.Duration

	ends []time.Time
	last time.Duration // what the latest request takes
}

func (v *slotVendor) serve(now time.Time) (pause time.Duration) {
	v.ends = slices.DeleteFunc(v.ends, func(end time.Time) bool { return !end.After(now) })
	if v.last = 0; len(v.ends) >= v.count {
		return 500 * time.Millisecond
	}
	v.last = v.work()
	v.ends = append(v.ends, now.Add(v.last))
	return 0
}

// crowded returns a job for a vendor with slots.
func crowded(seed uint64, v *slotVendor, way time.Duration) *job {
	j := newJob(seed, v.serve)
	j.latency = func() time.Duration { return way }
	j.work = func() time.Duration { return v.last }
	return j
}

// between returns random times of which the mean is in the middle.
func between(seed uint64, least, most time.Duration) func() time.Duration {
	r := rand.New(rand.NewPCG(seed, 2))
	return func() time.Duration { return least + time.Duration(r.Int64N(int64(most-least+1))) }
}

// Slots that nobody declared are found, and then used.
func TestUntoldSlotsAreFound(t *testing.T) {
	for name, tt := range map[string]struct {
		slots, workers, calls int
		least, most           time.Duration // of the work
		way                   time.Duration
		goodput               float64
	}{
		"equal work":   {8, 16, 1500, 100 * time.Millisecond, 100 * time.Millisecond, time.Millisecond / 2, 0.93},
		"unequal work": {8, 16, 1500, 50 * time.Millisecond, 150 * time.Millisecond, time.Millisecond / 2, 0.90},
		"long work":    {5, 32, 300, time.Second, 3 * time.Second, 10 * time.Millisecond, 0.90},
		"many slots":   {15, 64, 4000, 50 * time.Millisecond, 150 * time.Millisecond, time.Millisecond / 2, 0.90},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(5) {
				synctest.Test(t, func(t *testing.T) {
					j := crowded(seed, &slotVendor{count: tt.slots, work: between(seed, tt.least, tt.most)}, tt.way)
					began := time.Now()
					j.run(t, tt.calls, tt.workers)
					ideal := float64(tt.calls) / float64(tt.slots) * (tt.least + tt.most).Seconds() / 2
					if goodput := ideal / time.Since(began).Seconds(); goodput < tt.goodput || j.refused > 20+tt.workers {
						t.Errorf("seed %d: %.3f of the limit, %d refused; want %.2f or more, %d or fewer", seed, goodput, j.refused, tt.goodput, 20+tt.workers)
					}
				})
			}
		})
	}
}

// A rate whose requests are under way for long is not taken for slots.
func TestRateIsNoCrowd(t *testing.T) {
	for name, tt := range map[string]struct {
		rate, burst, calls int
		way                time.Duration
	}{
		"100/s, 80 ms":  {100, 10, 3000, 40 * time.Millisecond},
		"100/s, 300 ms": {100, 10, 3000, 150 * time.Millisecond},
		"20/s, 400 ms":  {20, 2, 600, 200 * time.Millisecond},
		"400/s, 60 ms":  {400, 40, 12000, 30 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(5) {
				synctest.Test(t, func(t *testing.T) {
					j := newJob(seed, tokens(float64(tt.rate), float64(tt.burst)))
					j.latency = between(seed, tt.way*9/10, tt.way*11/10)
					began := time.Now()
					j.run(t, tt.calls, 64)
					goodput := float64(tt.calls) / float64(tt.rate) / time.Since(began).Seconds()
					if goodput < 0.80 || j.refused > 200 {
						t.Errorf("seed %d: %.3f of the limit, %d refused; want 0.80 or more, 200 or fewer", seed, goodput, j.refused)
					}
				})
			}
		})
	}
}
