package traffic

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/policy"
	"golang.org/x/time/rate"
)

// What one process learned of a limit holds for all: also once that process is gone, while the
// Store is, and when the vendor allows more or less.
func TestFleetLearns(t *testing.T) {
	type phase struct {
		name    string
		change  func(*limitedJob, []*Fleet) []*Fleet
		long    time.Duration
		goodput float64 // at least
		refused int     // at most
	}
	allow := func(perSecond int) func(*limitedJob, []*Fleet) []*Fleet {
		return func(j *limitedJob, all []*Fleet) []*Fleet {
			j.vendor.SetLimit(rate.Limit(perSecond))
			return all
		}
	}
	storeIs := func(down bool) func(*limitedJob, []*Fleet) []*Fleet {
		return func(j *limitedJob, all []*Fleet) []*Fleet {
			j.store.isDown.Store(down)
			return all
		}
	}
	learn := phase{"learning", nil, 20 * time.Second, 0.6, 250}
	for name, tt := range map[string]struct {
		declared []policy.Limit
		phases   []phase
	}{
		"by one that is gone": {nil, []phase{
			learn,
			{"without it", func(_ *limitedJob, all []*Fleet) []*Fleet {
				rest := withoutLeader(all)
				if len(rest) != len(all)-1 {
					t.Errorf("%d of %d processes do not lead; want all but one", len(rest), len(all))
				}
				return rest
			}, 30 * time.Second, 0.8, 120},
		}},
		"without the store": {nil, []phase{
			learn,
			{"without the store", storeIs(true), 20 * time.Second, 0.65, 200},
			{"with it again", storeIs(false), 30 * time.Second, 0.75, 400},
		}},
		"less than is declared": {[]policy.Limit{perSecond("calls", 100, 10)}, []phase{
			{"as declared", nil, 10 * time.Second, 0.98, 0},
			{"less", allow(50), 30 * time.Second, 0.65, 200},
			{"as declared again", allow(100), 60 * time.Second, 0.75, 120},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				job := newLimitedJob(100, 10)
				job.demand.Limits = tt.declared
				all := processes(t, job.store, 8)
				for _, phase := range tt.phases {
					if phase.change != nil {
						all = phase.change(job, all)
					}
					goodput, refused := job.goodput(t, all, 8, phase.long)
					if goodput < phase.goodput || refused > phase.refused {
						t.Errorf("%s: goodput %.3f, %d refused; want %.2f and %d at most", phase.name, goodput, refused, phase.goodput, phase.refused)
					}
					t.Logf("%s: goodput %.3f, %d refused", phase.name, goodput, refused)
				}
			})
		})
	}
}

// withoutLeader returns the processes that follow.
func withoutLeader(all []*Fleet) []*Fleet {
	var rest []*Fleet
	for _, f := range all {
		leads := false
		for _, q := range f.all() {
			q.mu.Lock()
			leads = leads || q.own.leads
			q.mu.Unlock()
		}
		if !leads {
			rest = append(rest, f)
		}
	}
	return rest
}

// Where responses announce a window, nothing that was learned holds requests back.
func TestFleetDropsAPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		job := newLimitedJob(100, 10)
		job.demand.Limits = nil
		all := processes(t, job.store, 2)
		job.goodput(t, all, 32, 5*time.Second)
		learned := func(s Source) (n int) {
			for _, f := range all {
				for _, l := range f.Learned(t.Context(), time.Now()) {
					if l.Source == s {
						n++
					}
				}
			}
			return n
		}
		if n := learned(Tried) + learned(Looking); n != 2 {
			t.Errorf("%d processes learned a pace; want 2", n)
		}
		announcing := served
		announcing.Quotas = []policy.Quota{{Size: 1000, Left: 900, Reset: time.Minute}}
		for range 2 {
			for _, f := range all {
				done(t, started(t, f, job.demand), announcing)
				time.Sleep(time.Second)
			}
		}
		if n := learned(Tried) + learned(Looking); n != 0 {
			t.Errorf("%d processes have a pace; want none, as responses announce the window", n)
		}
	})
}
