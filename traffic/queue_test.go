package traffic

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A limit that is declared is reached, and not exceeded where the vendor counts: when
// requests arrive.
func TestDeclaredLimitIsReached(t *testing.T) {
	for _, tt := range []struct {
		rate, burst, calls, workers int
		trip                        time.Duration // at least; at most three times that
		least                       float64       // of what the vendor would allow
	}{
		{100, 10, 600, 16, 10 * time.Millisecond, 0.97},
		{100, 1, 300, 16, time.Millisecond, 0.85},
		{10, 1, 60, 16, 10 * time.Millisecond, 0.80},
		{2, 2, 120, 8, 10 * time.Millisecond, 0.97},
		{1000, 50, 3000, 64, 10 * time.Millisecond, 0.95},
	} {
		for seed := range uint64(5) {
			synctest.Test(t, func(t *testing.T) {
				j := newJob(seed, tokens(float64(tt.rate), float64(tt.burst)), perSecond("x", tt.rate, tt.burst))
				j.latency = func() time.Duration { return tt.trip/2 + time.Duration(j.random.Int64N(int64(tt.trip))) }
				began := time.Now()
				j.run(t, tt.calls, tt.workers)
				ideal := float64(tt.calls-tt.burst) / float64(tt.rate)
				goodput := ideal / time.Since(began).Seconds()
				if goodput < tt.least || j.refused > 1 {
					t.Errorf("%d/s, burst %d, seed %d: %.3f of the limit, %d refused; want %.2f or more, one at most", tt.rate, tt.burst, seed, goodput, j.refused, tt.least)
				}
			})
		}
	}
}

// For a day at 120 a minute, nearly all that the vendor allows is used.
func TestDeclaredLimitForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls = 24 * 60 * 120
		j := newJob(1, tokens(2, 2), limitOf("x", apierrors.ScopeAccount, 120, time.Minute, 2))
		began := time.Now()
		j.run(t, calls, 8)
		if goodput := 24 * time.Hour.Seconds() / time.Since(began).Seconds(); goodput < 0.99 || j.refused > 10 {
			t.Errorf("%.4f of the limit, %d refused; want 0.99 or more, 10 or fewer", goodput, j.refused)
		}
	})
}

// Requests start in order, and those that wait leave together only as far as the limit lets
// them.
func TestQueueIsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		d := Demand{Limits: []policy.Limit{perSecond("x", 10, 1)}, MaxWait: time.Hour}
		var mu sync.Mutex
		var order []int
		var all sync.WaitGroup
		for i := range 1000 {
			p := m.Admit(t.Context(), time.Now(), d)
			all.Go(func() {
				if err := p.Wait(t.Context()); err != nil {
					t.Error(err)
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				answer(p)
			})
		}
		began := time.Now()
		all.Wait()
		if !slices.IsSorted(order) {
			t.Errorf("the order is %v", order)
		}
		if took := time.Since(began); took != 999*100*time.Millisecond {
			t.Errorf("1000 requests at 10/s took %v; want 1m39.9s", took)
		}
	})
}

// When a refused request may come back follows from those that wait now, and not from
// those that have left.
func TestExpiredRequestIsToldByThoseThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		slot := policy.Limit{Name: "slot", Scope: apierrors.ScopeAccount, Slots: 1}
		d := Demand{Limits: []policy.Limit{limitOf("x", apierrors.ScopeAccount, 1, time.Minute, 1), slot}, MaxWait: 2 * time.Minute}
		under := admitted(t, m, d) // for longer than the next one waits
		p := m.Admit(t.Context(), time.Now(), d)
		gone, leave := context.WithCancel(t.Context())
		leave()
		d.MaxWait = 24 * time.Hour
		var others []Place
		for range 100 {
			others = append(others, m.Admit(t.Context(), time.Now(), d))
		}
		for _, other := range others {
			if err := other.Wait(gone); err == nil {
				t.Fatal("a request started beside the one that has the slot")
			}
		}
		refusal, ok := errors.AsType[*Refusal](p.Wait(t.Context()))
		if !ok || refusal.Wait > time.Minute {
			t.Errorf("the refusal is %v; want one for a minute at most", refusal)
		}
		answer(under)
	})
}

// A request of a higher priority goes first, and is not refused for those that it passes.
func TestQueueGoesByPriority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		of := func(priority int, most time.Duration) Demand {
			return Demand{Limits: []policy.Limit{perSecond("x", 1, 1)}, MaxWait: most, Priority: priority}
		}
		answer(admitted(t, m, of(0, 0)))
		var mu sync.Mutex
		var order []int
		var all sync.WaitGroup
		for _, priority := range []int{-1, 0, -1, 0, 1} {
			most := time.Hour
			if priority == 1 {
				most = 2 * time.Second
			}
			p := m.Admit(t.Context(), time.Now(), of(priority, most))
			all.Go(func() {
				if err := p.Wait(t.Context()); err != nil {
					t.Error(err)
				}
				mu.Lock()
				order = append(order, priority)
				mu.Unlock()
				answer(p)
			})
		}
		all.Wait()
		if diff := cmp.Diff([]int{1, 0, 0, -1, -1}, order); diff != "" {
			t.Errorf("priorities in order (-want +got):\n%s", diff)
		}
	})
}

// Requests that gave up hold nobody back, and leave nothing behind.
func TestQueueForgetsThoseThatGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		d := Demand{Limits: []policy.Limit{perSecond("x", 1, 1)}, MaxWait: 24 * time.Hour}
		answer(admitted(t, m, d))
		ctx, cancel := context.WithCancelCause(t.Context())
		var all sync.WaitGroup
		for range 1000 {
			p := m.Admit(t.Context(), time.Now(), d)
			all.Go(func() {
				if err := p.Wait(ctx); !errors.Is(err, errGone) {
					t.Errorf("got %v; want %v", err, errGone)
				}
			})
		}
		synctest.Wait()
		cancel(errGone)
		all.Wait()
		began := time.Now()
		last := m.Admit(t.Context(), began, d)
		if err := last.Wait(t.Context()); err != nil || time.Since(began) != time.Second {
			t.Errorf("the next request started after %v, error %v; want 1s", time.Since(began), err)
		}
		answer(last)
		q := m.queue(time.Now(), d.Account)
		if n := q.waiting.Len(); n > 0 {
			t.Errorf("%d requests wait; want none", n)
		}
	})
}

var errGone = errors.New("the caller is gone")

// A request that gives up in the moment in which it may start takes no token.
func TestQueueTakesBackAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		d := Demand{Limits: []policy.Limit{perSecond("x", 1, 1)}, MaxWait: time.Hour}
		answer(admitted(t, m, d))
		ctx, cancel := context.WithCancel(t.Context())
		p, _ := m.Admit(ctx, time.Now(), d).(*place)
		time.Sleep(2 * time.Second) // it has started, and nobody noticed
		cancel()
		p.queue.leave(p)
		answer(admitted(t, m, d))
	})
}

// No more requests are under way than there are slots. One that waits for a slot for too long
// is refused.
func TestSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		d := Demand{Limits: []policy.Limit{{Name: "exports", Scope: apierrors.ScopeAccount, Slots: 2}}, MaxWait: 10 * time.Second}
		first, second := admitted(t, m, d), admitted(t, m, d)
		began := time.Now()
		third := m.Admit(t.Context(), began, d)
		if by := third.WaitsFor(); by != "limit exports" {
			t.Errorf("the third waits for %q; want limit exports", by)
		}
		time.AfterFunc(3*time.Second, func() { answer(first) })
		if err := third.Wait(t.Context()); err != nil || time.Since(began) != 3*time.Second {
			t.Errorf("the third started after %v, error %v; want 3s", time.Since(began), err)
		}
		began = time.Now()
		err := m.Admit(t.Context(), began, d).Wait(t.Context())
		r, ok := errors.AsType[*Refusal](err)
		if !ok || r.By != "limit exports" || time.Since(began).Round(time.Second) != 10*time.Second {
			t.Errorf("the fourth: %v after %v; want a refusal by limit exports after 10s", err, time.Since(began))
		}
		answer(second)
		answer(third)
	})
}

// A program with a share of a limit takes no more than that.
func TestShareOfALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := perSecond("x", 100, 10)
		l.Share = 80
		j := newJob(1, tokens(80, 8), l)
		began := time.Now()
		j.run(t, 800, 16)
		if goodput := 792.0 / 80 / time.Since(began).Seconds(); goodput < 0.97 || j.refused > 0 {
			t.Errorf("%.3f of the share, %d refused; want 0.97 or more, none", goodput, j.refused)
		}
	})
}

// A request that waits for the limit of its record holds back none of another record, and
// has taken nothing from the account's limit.
func TestQueueOfARecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		account, record := perSecond("account", 1, 2), limitOf("record", apierrors.ScopeRecord, 1, time.Minute, 1)
		of := func(key string) Demand {
			return Demand{Record: key, Limits: []policy.Limit{account, record}, MaxWait: time.Hour}
		}
		answer(admitted(t, m, of("a")))
		waiting := m.Admit(t.Context(), time.Now(), of("a"))
		if by := waiting.WaitsFor(); by != "limit record" {
			t.Errorf("it waits for %q; want limit record", by)
		}
		answer(admitted(t, m, of("b"))) // the second token of the account
		time.Sleep(time.Second)
		answer(admitted(t, m, of("c")))
		began := time.Now()
		if err := waiting.Wait(t.Context()); err != nil || time.Since(began) != 59*time.Second {
			t.Errorf("it started after %v, error %v; want 59s", time.Since(began), err)
		}
		answer(waiting)
	})
}

// A limit that holds back two requests does not hold back one that does not fall under it.
func TestQueueLetsOthersPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		slow := Demand{Limits: []policy.Limit{perSecond("slow", 1, 1)}, MaxWait: time.Hour}
		answer(admitted(t, m, slow))
		var waiting []Place
		for range 2 {
			waiting = append(waiting, m.Admit(t.Context(), time.Now(), slow))
		}
		answer(admitted(t, m, Demand{}))
		for _, p := range waiting {
			if err := p.Wait(t.Context()); err != nil {
				t.Error(err)
			}
			answer(p)
		}
	})
}

// Between a request that waits for two limits and one that needs one of them, the first goes
// first if it is nearly its turn.
func TestQueueKeepsATokenForTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		slow, fast := perSecond("slow", 1, 1), limitOf("fast", apierrors.ScopeAccount, 1, 2*time.Second, 1)
		answer(admitted(t, m, Demand{Limits: []policy.Limit{slow}}))
		both := m.Admit(t.Context(), time.Now(), Demand{Limits: []policy.Limit{slow, fast}, MaxWait: time.Hour})
		other := m.Admit(t.Context(), time.Now(), Demand{Limits: []policy.Limit{fast}, MaxWait: time.Hour})
		began := time.Now()
		if err := both.Wait(t.Context()); err != nil || time.Since(began) != time.Second {
			t.Errorf("the first started after %v, error %v; want 1s", time.Since(began), err)
		}
		answer(both)
		if err := other.Wait(t.Context()); err != nil || time.Since(began) != 3*time.Second {
			t.Errorf("the second started after %v, error %v; want 3s", time.Since(began), err)
		}
		answer(other)
	})
}

// A wait that does not fit is refused at once. Requests that are refused together get
// times one after the other.
func TestRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		d := Demand{Limits: []policy.Limit{limitOf("daily", apierrors.ScopeAccount, 1, time.Hour, 1)}, MaxWait: time.Minute}
		answer(admitted(t, m, d))
		for i := range 3 {
			err := m.Admit(t.Context(), time.Now(), d).Wait(t.Context())
			got, _ := errors.AsType[*Refusal](err)
			want := &Refusal{By: "limit daily", Scope: apierrors.ScopeAccount, Wait: time.Duration(i+1) * time.Hour}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("refusal %d (-want +got):\n%s", i+1, diff)
			}
		}
		if text := (&Refusal{By: "limit daily", Wait: time.Hour}).Error(); text != "held back by limit daily for 1h0m0s" {
			t.Errorf("the text is %q", text)
		}
	})
}

// A request whose time was over before it came is refused, whatever else holds it back.
func TestRequestThatComesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		first := admitted(t, m, Demand{Limits: []policy.Limit{perSecond("x", 1, 1)}})
		err := m.Admit(t.Context(), time.Now(), Demand{Limits: []policy.Limit{perSecond("x", 1, 1)}, MaxWait: -time.Second}).Wait(t.Context())
		if r, ok := errors.AsType[*Refusal](err); !ok || r.By != "limit x" {
			t.Errorf("got %v; want to be refused by limit x", err)
		}
		answer(first)
	})
}

// What a request waits for is named, also behind others that wait for the same.
func TestPlaceNamesWhatItWaitsFor(t *testing.T) {
	for name, limit := range map[string]policy.Limit{
		"limit slots":   {Name: "slots", Scope: apierrors.ScopeAccount, Slots: 1},
		"limit records": {Name: "records", Scope: apierrors.ScopeRecord, Slots: 1},
		"limit window":  {Name: "window", Scope: apierrors.ScopeAccount, Window: policy.Rate{Count: 1, Per: time.Hour}},
		"limit rate":    limitOf("rate", apierrors.ScopeAccount, 1, time.Hour, 1),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := NewMemory()
				d := Demand{Limits: []policy.Limit{limit}, Record: "a", MaxWait: 24 * time.Hour}
				admitted(t, m, d)
				ctx, cancel := context.WithCancel(t.Context())
				for range 3 {
					p := m.Admit(ctx, time.Now(), d)
					if got := p.WaitsFor(); got != name {
						t.Errorf("the request waits for %q", got)
					}
					defer func() { _ = p.Wait(ctx) }()
				}
				cancel()
			})
		})
	}
}
