//go:build !race

package traffic

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/policy"
)

// A fleet is clients of a vendor, each with a memory of its own, that get calls at random times.
type fleet struct {
	random   *rand.Rand
	memories []Shared                                            // of each client
	prices   policy.Prices                                       // of the budget of each client
	serve    func(began time.Time) (took time.Duration, ok bool) // a request, which takes so long

	mu       sync.Mutex
	offered  []time.Time
	served   []time.Time // calls, when they were offered
	ends     []time.Time // and when they ended
	requests []time.Time
}

func newFleet(seed uint64, clients int) *fleet {
	f := &fleet{random: rand.New(rand.NewPCG(seed, 6)), prices: policy.Default().Retry().BudgetPrices()}
	for range clients {
		f.memories = append(f.memories, NewMemory())
	}
	return f
}

// share has the clients share a Store, until the end of the test.
func (f *fleet) share(t *testing.T) {
	store := NewMemoryStore()
	for i := range f.memories {
		one := NewFleet(store, FleetOptions{})
		f.memories[i] = one
		t.Cleanup(func() { _ = one.Close() })
	}
}

// offer makes calls at a rate for a time, each by one of the clients.
func (f *fleet) offer(t *testing.T, all *sync.WaitGroup, perSecond float64, long time.Duration) {
	for end := time.Now().Add(long); time.Now().Before(end); {
		f.mu.Lock()
		gap := time.Duration(f.random.ExpFloat64() / perSecond * float64(time.Second))
		m := f.memories[f.random.IntN(len(f.memories))]
		f.mu.Unlock()
		time.Sleep(gap)
		all.Go(func() { f.call(t, m) })
	}
}

// call makes a call with three attempts, as a client does.
func (f *fleet) call(t *testing.T, m Shared) {
	began := time.Now()
	f.mu.Lock()
	f.offered = append(f.offered, began)
	f.mu.Unlock()
	d := Demand{Endpoint: "/items", Repeatable: true}
	paid := 0
	for attempt := 1; ; {
		d.MaxWait = time.Minute - time.Since(began)
		p := m.Admit(t.Context(), time.Now(), d)
		if p.Wait(t.Context()) != nil {
			return
		}
		if f.send(t, p, paid) {
			f.mu.Lock()
			f.served, f.ends = append(f.served, began), append(f.ends, time.Now())
			f.mu.Unlock()
			return
		}
		d.Ticket, d.Retry = p.Ticket(), true
		o := m.Outage(t.Context(), time.Now(), Account{}, d.Endpoint)
		if paid = 0; o.State.Holds() {
			continue
		}
		if attempt++; attempt > 3 {
			return
		}
		if o.State != Ramping {
			if !m.Pay(t.Context(), time.Now(), Account{}, f.prices, f.prices.Retry) {
				return
			}
			paid = f.prices.Retry
		}
		f.mu.Lock()
		backoff := time.Duration(f.random.Int64N(int64(500 * time.Millisecond << (attempt - 2))))
		f.mu.Unlock()
		time.Sleep(backoff)
	}
}

func (f *fleet) send(t *testing.T, p Place, paid int) bool {
	now := time.Now()
	f.mu.Lock()
	f.requests = append(f.requests, now)
	took, ok := f.serve(now)
	f.mu.Unlock()
	time.Sleep(took)
	now = time.Now()
	r := Report{Answered: now, Health: Working, Served: true, Paid: paid, Prices: f.prices}
	if !ok {
		r.Health, r.Served = Failing, false
	}
	_ = p.Done(t.Context(), now, r)
	return ok
}

// What an outage costs, and how soon all is back. A client with few calls in it sends more, as it
// has to find out by itself.
func TestOutageOfAFleet(t *testing.T) {
	for _, tt := range []struct {
		clients int
		long    time.Duration
		amp     float64 // requests for each call of the outage
		back    time.Duration
	}{
		{1, 10 * time.Second, 1.01, 3 * time.Second}, {1, 5 * time.Minute, 1.01, 13 * time.Second},
		{10, 10 * time.Second, 1.01, 3 * time.Second}, {10, 5 * time.Minute, 1.01, 13 * time.Second},
		{100, 10 * time.Second, 4, 3 * time.Second}, {100, 5 * time.Minute, 1.01, 13 * time.Second},
		{300, 10 * time.Second, 4, 3 * time.Second}, {300, 5 * time.Minute, 1.01, 13 * time.Second},
		{1000, 10 * time.Second, 4, 3 * time.Second}, {1000, 5 * time.Minute, 2.5, 13 * time.Second},
	} {
		for seed := range uint64(max(*seeds/10, 1)) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(seed, tt.clients)
				start := time.Now()
				begins, ends := 60*time.Second, 60*time.Second+tt.long
				f.serve = func(now time.Time) (time.Duration, bool) {
					since := now.Sub(start)
					return 50 * time.Millisecond, since < begins || since >= ends
				}
				var all sync.WaitGroup
				f.offer(t, &all, 40, ends+30*time.Second)
				all.Wait()
				amp := float64(within(f.requests, start, begins, ends)) / float64(within(f.offered, start, begins, ends))
				from, to := ends+tt.back, ends+30*time.Second
				offered, served := within(f.offered, start, from, to), within(f.ends, start, from, to)
				t.Logf("%d clients, %v: %.3f requests for each call", tt.clients, tt.long, amp)
				if amp > tt.amp || float64(served) < 0.95*float64(offered) {
					t.Errorf("%d clients, %v, seed %d: %.3f requests for each call; from %v after it, %d of %d calls were served", tt.clients, tt.long, seed, amp, tt.back, served, offered)
				}
			})
		}
	}
}
