package traffic

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/policy"
)

// What responses say, one after the other, and what is known then.
func TestWindow(t *testing.T) {
	start := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	type step struct {
		at    time.Duration
		quota policy.Quota
		left  int
		edge  time.Duration // after start; 0: none is known
	}
	told := func(left int, reset time.Duration) policy.Quota {
		return policy.Quota{Size: 100, Left: left, Reset: reset}
	}
	for name, steps := range map[string][]step{
		"one window":           {{0, told(90, 10*time.Second), 90, 10 * time.Second}, {time.Second, told(80, 9*time.Second), 80, 10 * time.Second}},
		"out of order":         {{0, told(80, 10*time.Second), 80, 10 * time.Second}, {0, told(90, 10*time.Second), 80, 10 * time.Second}},
		"a reset rounded up":   {{0, told(90, 10*time.Second), 90, 10 * time.Second}, {900 * time.Millisecond, told(80, 9*time.Second), 80, 9900 * time.Millisecond}},
		"the next window":      {{0, told(0, 2*time.Second), 0, 2 * time.Second}, {2100 * time.Millisecond, told(99, 2*time.Second), 99, 4100 * time.Millisecond}},
		"a window that moves":  {{0, told(50, 2*time.Second), 50, 2 * time.Second}, {time.Second, told(60, 2*time.Second), 50, 3 * time.Second}},
		"a guess of an hour":   {{0, policy.Quota{Left: 0, Reset: time.Hour, IsGuess: true}, 0, time.Minute}},
		"a reset that is over": {{0, told(90, 10*time.Second), 90, 10 * time.Second}, {time.Second, told(80, 0), 90, 10 * time.Second}},
		"two limits, by turns": {{0, told(90, 10*time.Second), 90, 10 * time.Second}, {0, policy.Quota{Limit: "search", Size: 10, Reset: time.Hour}, 0, 0}, {0, told(80, 10*time.Second), 0, 0}},
	} {
		var all windows
		for i, s := range steps {
			all.update(start.Add(s.at), []policy.Quota{s.quota})
			var w window
			if len(all.all) > 0 {
				w = all.all[0]
			}
			edge := time.Duration(0)
			if !w.edge.IsZero() {
				edge = w.edge.Sub(start)
			}
			if w.left != s.left || edge != s.edge {
				t.Errorf("%s, step %d: %d left until %v; want %d, %v", name, i+1, w.left, edge, s.left, s.edge)
			}
		}
	}
}

// tellingVendor accepts some requests in each window, and says so.
type tellingVendor struct {
	size   int
	period time.Duration
	began  time.Time
	used   int
}

func (v *tellingVendor) accept(now time.Time) time.Duration {
	if now.Sub(v.began) >= v.period {
		v.began, v.used = now.Truncate(v.period), 0
	}
	v.used++
	if v.used > v.size {
		return time.Millisecond // a back-off
	}
	return 0
}

func (v *tellingVendor) quota(now time.Time) policy.Quota {
	return policy.Quota{Size: v.size, Left: max(v.size-v.used, 0), Reset: v.began.Add(v.period).Sub(now)}
}

// A window that responses announce is used up at full speed, and not exceeded once it is known.
func TestToldWindowIsReached(t *testing.T) {
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			v := &tellingVendor{size: 200, period: 2 * time.Second}
			j := newJob(seed, v.accept)
			j.quota = v.quota
			began := time.Now()
			j.run(t, 1600, 16)
			if goodput := 14 / time.Since(began).Seconds(); goodput < 0.97 || j.refused > 16 {
				t.Errorf("seed %d: %.3f of the limit, %d refused; want 0.97 or more, 16 or fewer", seed, goodput, j.refused)
			}
		})
	}
}

// A refusal without a wait, in a window that is known, is about the window. A quota that
// has the name of a limit is that limit's.
func TestRefusalInAToldWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		search := perSecond("search", 1000, 10)
		d := Demand{Limits: []policy.Limit{search}, MaxWait: time.Minute}
		tell := func(p Place, r Report) {
			r.Answered = time.Now()
			_ = p.Done(t.Context(), r.Answered, r)
		}
		of := func(name string, left int) []policy.Quota {
			return []policy.Quota{{Limit: name, Size: 100, Left: left, Reset: 10 * time.Second}}
		}
		tell(admitted(t, m, d), Report{Served: true, Quotas: of("search", 50)})
		tell(admitted(t, m, Demand{}), Report{Served: true, Quotas: of("", 50)})
		tell(admitted(t, m, Demand{}), Report{Pause: time.Second})
		began := time.Now()
		p := m.Admit(t.Context(), began, Demand{MaxWait: time.Minute})
		if err := p.Wait(t.Context()); err != nil || time.Since(began) != 10*time.Second {
			t.Errorf("after a refusal, the next started after %v, error %v; want 10s", time.Since(began), err)
		}
		tell(p, Report{Served: true, Quotas: of("", 99)})
		tell(admitted(t, m, d), Report{Served: true, Quotas: of("search", 0)})
		answer(admitted(t, m, Demand{}))
		if by := m.Admit(t.Context(), time.Now(), d).WaitsFor(); by != "gate search" {
			t.Errorf("a request of the limit that is used up waits for %q; want gate search", by)
		}
		if q := m.queue(time.Now(), Account{}); q.isIdle(time.Now()) {
			t.Error("the queue is idle; want not, as a limit is paused")
		}
	})
}

// A pace that was learned is forgotten once responses tell the window.
func TestWindowReplacesALearnedPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		p := admitted(t, m, Demand{})
		_ = p.Done(t.Context(), time.Now(), Report{Answered: time.Now(), Pause: time.Second, VendorPause: true})
		time.Sleep(time.Second)
		p = admitted(t, m, Demand{})
		_ = p.Done(t.Context(), time.Now(), Report{Answered: time.Now(), Served: true, Quotas: []policy.Quota{{Left: 500, Reset: time.Minute}}})
		for range 100 {
			answer(admitted(t, m, Demand{}))
		}
	})
}

// Headers that say that plenty is left slow nobody down.
func TestPlentySlowsNobodyDown(t *testing.T) {
	took := map[bool]time.Duration{}
	for _, tells := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			j := newJob(1, func(time.Time) time.Duration { return 0 })
			if tells {
				j.quota = func(time.Time) policy.Quota { return policy.Quota{Size: 1_000_000, Left: 999_000, Reset: time.Minute} }
			}
			began := time.Now()
			j.run(t, 1000, 16)
			took[tells] = time.Since(began)
		})
	}
	if took[true] != took[false] {
		t.Errorf("1000 requests took %v with headers, %v without; want the same", took[true], took[false])
	}
}
