package traffic

import (
	"context"
	"flag"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// seeds is how many simulations of each kind are run. The long run of make soak makes 1,000.
var seeds = flag.Int("seeds", 3, "seeds of each simulation")

// perSecond returns a limit of the account.
func perSecond(name string, count, burst int) policy.Limit {
	return limitOf(name, apierrors.ScopeAccount, count, time.Second, burst)
}

func limitOf(name string, scope apierrors.Scope, count int, per time.Duration, burst int) policy.Limit {
	return policy.Limit{Name: name, Scope: scope, Rate: policy.Rate{Count: count, Per: per}, Burst: burst}
}

// A job is workers that make requests to a vendor, in virtual time.
type job struct {
	memory  *Memory
	vendor  func(now time.Time) (pause time.Duration) // 0: it accepts
	latency func() time.Duration
	work    func() time.Duration             // what the latest request takes there; nil: nothing
	quota   func(now time.Time) policy.Quota // what a response says; nil: nothing
	demand  func(i int) Demand
	random  *rand.Rand

	mu       sync.Mutex
	accepted int
	refused  int
	starts   []time.Time
	order    []int // the requests as they started
}

func newJob(seed uint64, vendor func(time.Time) time.Duration, limits ...policy.Limit) *job {
	j := &job{memory: NewMemory(), vendor: vendor, random: rand.New(rand.NewPCG(seed, 1))}
	j.demand = func(int) Demand { return Demand{Limits: limits, MaxWait: time.Hour} }
	j.latency = func() time.Duration {
		return 5*time.Millisecond + time.Duration(j.random.IntN(int(10*time.Millisecond)))
	}
	return j
}

// run makes n requests by some workers, each until it is accepted.
func (j *job) run(t *testing.T, n, workers int) {
	t.Helper()
	todo := make(chan int)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := range todo {
				j.request(t, i)
			}
		})
	}
	for i := range n {
		todo <- i
	}
	close(todo)
	all.Wait()
}

// request makes one request until it is accepted.
func (j *job) request(t *testing.T, i int) {
	d := j.demand(i)
	for {
		p := j.memory.Admit(t.Context(), time.Now(), d)
		if err := p.Wait(t.Context()); err != nil {
			t.Errorf("request %d: %v", i, err)
			return
		}
		d.Ticket = p.Ticket()
		r := j.send(i)
		now := time.Now()
		r.Answered, r.Served = now, r.Pause == 0
		if len(d.Limits) > 0 {
			r.Limits, r.Guessed = d.Limits[:1], true
		}
		time.Sleep(p.Done(t.Context(), now, r))
		if r.Served {
			return
		}
	}
}

func (j *job) send(i int) (r Report) {
	j.mu.Lock()
	j.starts, j.order = append(j.starts, time.Now()), append(j.order, i)
	there, back := j.latency(), j.latency()
	j.mu.Unlock()
	time.Sleep(there)
	j.mu.Lock()
	if r.Pause = j.vendor(time.Now()); r.Pause == 0 {
		j.accepted++
	} else {
		j.refused++
	}
	r.VendorPause = r.Pause >= time.Second
	if j.quota != nil {
		r.Quotas = []policy.Quota{j.quota(time.Now())}
	}
	if j.work != nil {
		back += j.work()
	}
	j.mu.Unlock()
	time.Sleep(back)
	return r
}

// tokens is a vendor's bucket, counted when requests arrive. It asks to wait for a second.
func tokens(rate, burst float64) func(time.Time) time.Duration {
	var left = burst
	var last time.Time
	return func(now time.Time) time.Duration {
		if !last.IsZero() {
			left = min(burst, left+rate*now.Sub(last).Seconds())
		}
		last = now
		if left < 1-tiny {
			return time.Second
		}
		left--
		return 0
	}
}

// admitted is the place of a request that may start now.
func admitted(t *testing.T, m *Memory, d Demand) Place {
	t.Helper()
	p := m.Admit(context.Background(), time.Now(), d)
	if by := p.WaitsFor(); by != "" {
		t.Fatalf("the request waits for %s", by)
	}
	if err := p.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
	return p
}

// answer ends a request that was accepted.
func answer(p Place) {
	now := time.Now()
	_ = p.Done(context.Background(), now, Report{Answered: now, Served: true})
}

// within counts the times in a period after a start.
func within(times []time.Time, start time.Time, from, to time.Duration) (n int) {
	for _, at := range times {
		if s := at.Sub(start); s >= from && s < to {
			n++
		}
	}
	return n
}
