//go:build !race

package traffic

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A down is a vendor that takes a time for each request, and fails in some.
type down struct {
	memory   *Memory
	fails    func(now time.Time) bool // it does at a moment
	takes    time.Duration
	attempts int // of a call
	maxWait  time.Duration
	random   *rand.Rand

	mu       sync.Mutex
	requests []time.Time
	served   []time.Time
	failed   int // calls
	refused  int // calls, without a request
}

func newDown(seed uint64, fails func(time.Time) bool) *down {
	return &down{memory: NewMemory(), fails: fails, takes: 10 * time.Millisecond, attempts: 4, maxWait: time.Minute, random: rand.New(rand.NewPCG(seed, 3))}
}

// call makes a call to an endpoint: it backs off and tries again as a client does. While an outage
// holds, retries cost nothing.
func (d *down) call(t *testing.T, endpoint string) {
	began := time.Now()
	demand := Demand{Endpoint: endpoint, Repeatable: true}
	for attempt := 1; ; {
		demand.MaxWait = d.maxWait - time.Since(began)
		p := d.memory.Admit(t.Context(), time.Now(), demand)
		if err := p.Wait(t.Context()); err != nil {
			d.mu.Lock()
			d.refused++
			d.mu.Unlock()
			if r, ok := errors.AsType[*Refusal](err); !ok || r.Outage == nil {
				t.Errorf("got %v", err)
			}
			return
		}
		if d.send(t, p) {
			return
		}
		demand.Ticket, demand.Retry = p.Ticket(), true
		if o := d.memory.Outage(t.Context(), time.Now(), Account{}, endpoint); o.State.Holds() {
			continue
		}
		if attempt++; attempt > d.attempts {
			d.mu.Lock()
			d.failed++
			d.mu.Unlock()
			return
		}
		d.mu.Lock()
		backoff := time.Duration(d.random.Int64N(int64(500 * time.Millisecond << (attempt - 2))))
		d.mu.Unlock()
		time.Sleep(backoff)
	}
}

// send sends a request, and reports whether it was served.
func (d *down) send(t *testing.T, p Place) bool {
	d.mu.Lock()
	d.requests = append(d.requests, time.Now())
	d.mu.Unlock()
	time.Sleep(d.takes)
	now := time.Now()
	r := Report{Answered: now, Health: Working, Served: true}
	d.mu.Lock()
	if d.fails(now) {
		r.Health, r.Served = Failing, false
	} else {
		d.served = append(d.served, now)
	}
	d.mu.Unlock()
	_ = p.Done(t.Context(), now, r)
	return r.Served
}

// run makes calls by some workers for a time.
func (d *down) run(t *testing.T, workers int, long time.Duration) {
	var all sync.WaitGroup
	end := time.Now().Add(long)
	for range workers {
		all.Go(func() {
			for time.Now().Before(end) {
				d.call(t, "/items")
			}
		})
	}
	all.Wait()
}

// In an outage, a job costs the requests under way and some probes, and loses no call. What was
// served before is served again soon after it.
func TestOutageIsBridged(t *testing.T) {
	for seed := range uint64(*seeds) {
		for _, workers := range []int{4, 16, 64, 256} {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				d := newDown(seed, func(now time.Time) bool {
					since := now.Sub(start)
					return since >= 5*time.Second && since < 11*time.Second
				})
				d.run(t, workers, 16*time.Second)
				requests := within(d.requests, start, 5*time.Second, 11*time.Second)
				before, after := within(d.served, start, 3*time.Second, 5*time.Second), within(d.served, start, 13*time.Second, 15*time.Second)
				if requests > workers+16 || d.failed+d.refused > 0 || float64(after) < 0.95*float64(before) {
					t.Errorf("seed %d, %d workers: %d requests in the outage, %d failed, %d refused, %d served in 2 s before and %d after",
						seed, workers, requests, d.failed, d.refused, before, after)
				}
			})
		}
	}
}

// A vendor that fails at random is not held.
func TestBrownoutIsNoOutage(t *testing.T) {
	for seed := range uint64(5) {
		for _, share := range []int{10, 30, 50} {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 4))
				d := newDown(seed, func(time.Time) bool { return random.IntN(100) < share })
				go func() { // while there are 64 workers: the last calls are few
					for range 190 {
						time.Sleep(100 * time.Millisecond)
						if o := d.memory.Outage(t.Context(), time.Now(), Account{}, "/items"); o.State >= Held {
							t.Errorf("seed %d, %d%%: state %v", seed, share, o.State)
						}
					}
				}()
				d.run(t, 64, 20*time.Second)
			})
		}
	}
}

// A vendor that returns slowly, from a fifth to all of what it served before, is used as far as it
// allows, and not held again.
func TestSlowReturnIsFollowed(t *testing.T) {
	const before = 640.0 // per second, by 64 workers and 100 ms
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			tokens, last := 0.0, time.Duration(0)
			d := newDown(seed, func(now time.Time) bool {
				since := now.Sub(start)
				if since < 5*time.Second {
					return false
				}
				if since < 11*time.Second {
					last = since
					return true
				}
				share := min(0.2+0.08*(since-11*time.Second).Seconds(), 1)
				tokens = min(tokens+(since-last).Seconds()*before*share, before*share/20+1)
				if last = since; tokens < 1 {
					return true
				}
				tokens--
				return false
			})
			d.takes = 100 * time.Millisecond
			d.run(t, 64, 22*time.Second)
			first := 11 * time.Second
			for within(d.served, start, first, first+time.Millisecond) == 0 {
				first += time.Millisecond
			}
			served, allowed := within(d.served, start, first, 21*time.Second), 0.0
			for at := first; at < 21*time.Second; at += 10 * time.Millisecond {
				allowed += 0.01 * before * min(0.2+0.08*(at-11*time.Second).Seconds(), 1)
			}
			if share := float64(served) / allowed; share < 0.9 {
				t.Errorf("seed %d: %d served of %.0f allowed, %.3f; want 0.9 or more", seed, served, allowed, share)
			}
		})
	}
}

// Of a call every 10 s, one at most is lost before all wait for the end of the outage.
func TestOutageOfAQuietClient(t *testing.T) {
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			d := newDown(seed, func(now time.Time) bool { return now.Sub(start) < 50*time.Second })
			var all sync.WaitGroup
			for range 10 {
				all.Go(func() { d.call(t, "/items") })
				time.Sleep(10 * time.Second)
			}
			all.Wait()
			if d.failed+d.refused > 1 {
				t.Errorf("seed %d: %d calls failed, %d were refused; want one at most", seed, d.failed, d.refused)
			}
		})
	}
}
