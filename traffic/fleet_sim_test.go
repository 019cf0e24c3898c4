//go:build !race

package traffic

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"golang.org/x/time/rate"
)

// In an outage, processes that share a Store send the probes of one, and come back together.
func TestOutageOfProcesses(t *testing.T) {
	for _, tt := range []struct {
		processes int
		perSecond float64
		requests  int // at most, in 10 s
	}{
		{16, 40, 60}, {1000, 40, 60}, {16, 1000, 500}, {1000, 1000, 500},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFleet(1, tt.processes)
			f.share(t)
			start := time.Now()
			begins, ends := 30*time.Second, 40*time.Second
			f.serve = func(now time.Time) (time.Duration, bool) {
				since := now.Sub(start)
				return 50 * time.Millisecond, since < begins || since >= ends
			}
			var all sync.WaitGroup
			f.offer(t, &all, tt.perSecond, ends+10*time.Second)
			all.Wait()
			requests, calls := within(f.requests, start, begins, ends), within(f.offered, start, begins, ends)
			from, to := ends+3*time.Second, ends+10*time.Second
			offered, served := within(f.offered, start, from, to), within(f.ends, start, from, to)
			if requests > tt.requests || float64(served) < 0.95*float64(offered) {
				t.Errorf("%+v: %d requests for %d calls; from 3 s after it, %d of %d calls were served", tt, requests, calls, served, offered)
			}
			t.Logf("%+v: %d requests for %d calls", tt, requests, calls)
		})
	}
}

// Processes reach a limit that is declared, and are not refused. One that nobody declared, each
// finds for itself.
func TestLimitOfProcesses(t *testing.T) {
	for _, tt := range []struct {
		perSecond, burst, processes, workers int
		isUnknown                            bool
		goodput                              float64 // at least, of what the vendor allows
		refused                              float64 // at most, of what is accepted
	}{
		{100, 10, 16, 4, false, 0.98, 0},
		{100, 1, 16, 4, false, 0.98, 0},
		{10, 5, 16, 1, false, 0.97, 0},
		{1000, 50, 16, 8, false, 0.98, 0},
		{100, 10, 1, 16, false, 0.98, 0},
		{20, 20, 100, 1, false, 0.96, 0},
		{100, 10, 16, 4, true, 0.90, 0.1},
	} {
		synctest.Test(t, func(t *testing.T) {
			job, long := newLimitedJob(tt.perSecond, tt.burst), time.Minute
			if tt.isUnknown {
				job.demand.Limits, long = nil, 3*time.Minute
			}
			start := time.Now()
			var all sync.WaitGroup
			for range tt.processes {
				f := NewFleet(job.store, FleetOptions{})
				for range tt.workers {
					all.Go(func() { job.work(t, f, start.Add(long)) })
				}
				t.Cleanup(func() { _ = f.Close() })
			}
			all.Wait()
			took := time.Since(start).Seconds()
			goodput := float64(job.accepted) / (float64(tt.burst) + float64(tt.perSecond)*took)
			perProcess := float64(job.store.exchanges.Load()) / took / float64(tt.processes)
			if goodput < tt.goodput || float64(job.refused) > tt.refused*float64(job.accepted) || perProcess > 20 {
				t.Errorf("%+v: goodput %.3f, %d refused, %.1f exchanges a second of each process", tt, goodput, job.refused, perProcess)
			}
			t.Logf("%+v: goodput %.3f, %d refused, %.1f exchanges a second of each process", tt, goodput, job.refused, perProcess)
		})
	}
}

// A limitedJob makes requests to a vendor with a limit.
type limitedJob struct {
	store  *countingStore
	vendor *rate.Limiter
	demand Demand

	mu                sync.Mutex
	accepted, refused int
}

func newLimitedJob(perSecond, burst int) *limitedJob {
	limit := policy.Limit{Name: "calls", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: perSecond, Per: time.Second}, Burst: burst}
	return &limitedJob{
		store: newCountingStore(), vendor: rate.NewLimiter(rate.Limit(perSecond), burst),
		demand: Demand{Limits: []policy.Limit{limit}, MaxWait: time.Hour, Endpoint: "/items"},
	}
}

// work makes one request after the other. The vendor refuses with a Retry-After of 1 s.
func (j *limitedJob) work(t *testing.T, s Shared, end time.Time) {
	for time.Now().Before(end) {
		p := s.Admit(t.Context(), time.Now(), j.demand)
		if err := p.Wait(t.Context()); err != nil {
			t.Error(err)
			return
		}
		time.Sleep(3 * time.Millisecond)
		isAccepted := j.serve()
		time.Sleep(2 * time.Millisecond)
		r := Report{Answered: time.Now(), Served: isAccepted, Health: Working}
		if !isAccepted {
			r.Pause, r.VendorPause = time.Second, true
		}
		time.Sleep(p.Done(t.Context(), time.Now(), r))
	}
}

func (j *limitedJob) serve() (isAccepted bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if isAccepted = j.vendor.Allow(); isAccepted {
		j.accepted++
	} else {
		j.refused++
	}
	return isAccepted
}
