//go:build !race

package traffic

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
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

// Processes reach a limit that is declared, and are not refused. One that nobody declared, one of
// them learns for all.
func TestLimitOfProcesses(t *testing.T) {
	for _, tt := range []struct {
		perSecond, burst, processes, workers int
		isUnknown                            bool    // for a minute, from the first request on
		goodput                              float64 // at least, of what the vendor allows
		refused                              float64 // at most, of what is accepted
	}{
		{100, 10, 16, 4, false, 0.98, 0},
		{100, 1, 16, 4, false, 0.98, 0},
		{10, 5, 16, 1, false, 0.97, 0},
		{1000, 50, 16, 8, false, 0.98, 0},
		{100, 10, 1, 16, false, 0.98, 0},
		{20, 20, 100, 1, false, 0.96, 0},
		{100, 10, 16, 4, true, 0.88, 0.06},
		{100, 10, 1, 64, true, 0.88, 0.06},
		{20, 20, 16, 4, true, 0.85, 0.25},
		{1000, 50, 16, 16, true, 0.88, 0.06},
		{100, 1, 16, 4, true, 0.75, 0.15}, // without a burst, each second request too many is refused
		{5, 1, 8, 4, true, 0.65, 0.60},
	} {
		synctest.Test(t, func(t *testing.T) {
			job, long := newLimitedJob(tt.perSecond, tt.burst), time.Minute
			if tt.isUnknown {
				job.demand.Limits = nil
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
