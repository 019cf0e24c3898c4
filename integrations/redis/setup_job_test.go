//go:build redis

package retrywiseredis_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/traffic"
)

// The limit that the processes of a job share, and how many there are.
const (
	jobRate      = 200 // requests per second
	jobBurst     = 10
	jobProcesses = 4
	jobWorkers   = 4 // of each process, with one request at a time
)

// jobAhead is how many units the processes have in advance, at most.
const jobAhead = int(jobRate * traffic.Ahead / time.Second)

// A job is processes that make requests to one vendor until it ends.
type job struct {
	demand  traffic.Demand
	workers sync.WaitGroup
	fleets  []*traffic.Fleet
	admits  func(began, now time.Time) // notes a request

	changed  chan struct{} // something was noted since it was received from
	mu       sync.Mutex
	admitted []time.Time
	longest  time.Duration // that a request waited
	told     [][]error     // to each process about its store
}

func newJob() *job {
	limit := policy.Limit{
		Name: "calls", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: jobRate, Per: time.Second}, Burst: jobBurst,
	}
	j := &job{
		demand:  traffic.Demand{Limits: []policy.Limit{limit}, MaxWait: time.Hour, Endpoint: "/items"},
		changed: make(chan struct{}, 1),
	}
	j.admits = j.admit
	return j
}

// begin adds a process, which makes requests until ctx ends.
func (j *job) begin(ctx context.Context, t *testing.T, store traffic.Store) {
	t.Helper()
	i := len(j.fleets)
	fleet := traffic.NewFleet(store, traffic.FleetOptions{OnStore: func(err error) {
		j.mu.Lock()
		defer j.mu.Unlock()
		defer j.change()
		j.told[i] = append(j.told[i], err)
	}})
	j.fleets = append(j.fleets, fleet)
	j.mu.Lock()
	j.told = append(j.told, nil)
	j.mu.Unlock()
	for range jobWorkers {
		j.workers.Go(func() { j.work(ctx, t, fleet) })
	}
}

// work makes one request after the other, each of 2 ms.
func (j *job) work(ctx context.Context, t *testing.T, fleet *traffic.Fleet) {
	for ctx.Err() == nil {
		began := time.Now()
		p := fleet.Admit(ctx, began, j.demand)
		if err := p.Wait(ctx); err != nil {
			if ctx.Err() == nil {
				t.Error(err)
			}
			return
		}
		j.admits(began, time.Now())
		time.Sleep(2 * time.Millisecond)
		now := time.Now()
		time.Sleep(p.Done(ctx, now, traffic.Report{Answered: now, Served: true, Health: traffic.Working}))
	}
}

func (j *job) admit(began, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.admitted = append(j.admitted, now)
	j.longest = max(j.longest, now.Sub(began))
	j.change()
}

func (j *job) change() {
	select {
	case j.changed <- struct{}{}:
	default:
	}
}

// await waits for what is noted, in real time.
func (j *job) await(t *testing.T, what string, is func() bool) {
	t.Helper()
	tooLate := time.NewTimer(soon)
	defer tooLate.Stop()
	for {
		j.mu.Lock()
		isSo := is()
		j.mu.Unlock()
		if isSo {
			return
		}
		select {
		case <-j.changed:
		case <-tooLate.C:
			t.Fatalf("after %v, still not: %s", soon, what)
		}
	}
}

// soon is a time that a slow machine does not exceed, and less than the minute after which a client
// of go-redis looks by itself where the keys of a Cluster are.
const soon = 40 * time.Second

// end waits until no process makes requests any more. They leave as they should, except for one
// that was killed.
func (j *job) end(t *testing.T) {
	t.Helper()
	j.workers.Wait()
	for _, fleet := range j.fleets {
		if err := fleet.Close(); err != nil && !errors.Is(err, errKilled) {
			t.Error(err)
		}
	}
}

var errKilled = errors.New("the process was killed")

// since returns how many requests were admitted since a moment.
func (j *job) since(from time.Time) (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, at := range j.admitted {
		if !at.Before(from) {
			n++
		}
	}
	return n
}

// beyond returns by how much an interval has more requests than the rate lets into it, at most. It
// is no more than the burst if the limit is kept.
func (j *job) beyond() (most float64) {
	level, last := 0.0, time.Time{}
	for _, at := range j.admitted {
		level = max(level-jobRate*at.Sub(last).Seconds(), 0) + 1
		most, last = max(most, level), at
	}
	return most
}
