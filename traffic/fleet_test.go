package traffic

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

var (
	served = Report{Served: true, Health: Working}
	failed = Report{Health: Failing, Cause: "503"}
	paused = Report{Health: Working, Pause: 6 * time.Hour, VendorPause: true}
)

// A pause that a cron met holds for the next ones, each a process of its own: none of them sends
// a request.
func TestFleetPauseOutlivesItsProcess(t *testing.T) {
	for name, open := range map[string]func(*testing.T) Store{
		"memory": func(*testing.T) Store { return NewMemoryStore() },
		"folder": func(t *testing.T) Store { return openFolder(t) },
	} {
		t.Run(name, func(t *testing.T) { testPauseOutlivesItsProcess(t, open) })
	}
}

func testPauseOutlivesItsProcess(t *testing.T, open func(*testing.T) Store) {
	synctest.Test(t, func(t *testing.T) {
		store := open(t)
		cron := NewFleet(store, FleetOptions{})
		done(t, started(t, cron, Demand{MaxWait: time.Minute}), paused)
		if err := cron.Close(); err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			time.Sleep(3 * time.Minute)
			next := NewFleet(store, FleetOptions{})
			p := next.Admit(t.Context(), time.Now(), Demand{MaxWait: time.Minute})
			r, ok := errors.AsType[*Refusal](p.Wait(t.Context()))
			if !ok {
				t.Fatalf("process %d may send its request", i)
			}
			want := 6*time.Hour - time.Duration(i+1)*3*time.Minute
			if off := r.Wait - want; off < -time.Second || off > time.Second || r.By != "gate account" {
				t.Errorf("process %d: %v; want to wait for gate account for %v", i, r, want)
			}
			if err := next.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Slots are shared, and those of a process that died return.
func TestFleetSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := processes(t, NewMemoryStore(), 3)
		d := Demand{MaxWait: time.Minute, Limits: []policy.Limit{{Name: "exports", Scope: apierrors.ScopeAccount, Slots: 2}}}
		first, second := started(t, all[0], d), started(t, all[1], d)
		began := time.Now()
		third := all[2].Admit(t.Context(), began, d)
		time.AfterFunc(2*time.Second, func() { done(t, first, served) })
		if err := third.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited < 2*time.Second || waited > 8*time.Second {
			t.Errorf("the third request waited for %v; want until a slot returns, after 2 s", waited)
		}
		done(t, second, served)
		done(t, third, served)
	})
}

// One process renews a credential that was rejected; the others wait for as long as that may take.
func TestFleetRenewals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCountingStore()
		all := processes(t, store, 2)
		r := Renewal{Account: Account{Vendor: "shop"}, Rejected: "token-1", Timeout: 30 * time.Second}
		begin := func(f *Fleet) time.Duration { return f.BeginRenewal(t.Context(), time.Now(), r) }
		got := []time.Duration{begin(all[0]), begin(all[1])}
		time.Sleep(10 * time.Second)
		all[0].EndRenewal(t.Context(), time.Now(), r, 5*time.Second)
		got = append(got, begin(all[1]))
		time.Sleep(5 * time.Second)
		got = append(got, begin(all[1]))
		if diff := cmp.Diff([]time.Duration{0, 30 * time.Second, 5 * time.Second, 0}, got); diff != "" {
			t.Errorf("waits (-want +got):\n%s", diff)
		}
		store.isDown.Store(true)
		r.Rejected = "token-2"
		if got := []time.Duration{begin(all[0]), begin(all[0])}; got[0] != 0 || got[1] == 0 {
			t.Errorf("without the store: waits %v; want the right for one call of the process", got)
		}
		for _, x := range store.seen {
			for _, p := range x.Renewals {
				if strings.Contains(p.Rejected, "token") || strings.Contains(x.Account, "shop") {
					t.Errorf("the store is told %+v", x)
				}
			}
		}
	})
}

// The budget is that of all processes.
func TestFleetBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := processes(t, NewMemoryStore(), 2)
		prices := policy.Default().Retry().BudgetPrices()
		pay := func(f *Fleet) bool { return f.Pay(t.Context(), time.Now(), Account{}, prices, prices.Retry) }
		for range 10 {
			if !pay(all[0]) {
				t.Fatal("the budget does not have 10 retries")
			}
		}
		done(t, started(t, all[0], Demand{MaxWait: time.Minute}), failed)
		time.Sleep(time.Second)
		done(t, started(t, all[1], Demand{MaxWait: time.Minute}), served)
		pay(all[1]) // from what it has before it knows
		time.Sleep(2 * time.Second)
		done(t, started(t, all[1], Demand{MaxWait: time.Minute}), served)
		time.Sleep(2 * time.Second)
		if pay(all[1]) {
			t.Error("the other process has retries left; want none")
		}
	})
}

// Without the Store a process goes on with its share, says so once, and comes back by itself.
func TestFleetWithoutItsStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var told []error
		store := newCountingStore()
		options := FleetOptions{
			Logger:  slog.New(slog.NewTextHandler(&log, nil)),
			OnStore: func(err error) { told = append(told, err) },
		}
		f := NewFleet(store, options)
		processes(t, store, 3)
		d := Demand{MaxWait: time.Hour, Limits: []policy.Limit{perSecond("calls", 40, 1)}}
		for _, other := range processes(t, store, 3) {
			done(t, started(t, other, d), served)
		}
		count := func(long time.Duration) (n int) {
			for end := time.Now().Add(long); time.Now().Before(end); n++ {
				done(t, started(t, f, d), served)
			}
			return n
		}
		alone := count(10 * time.Second)
		for _, other := range processes(t, store, 3) {
			done(t, started(t, other, d), served)
		}
		count(time.Second)
		store.isDown.Store(true)
		share := count(10 * time.Second)
		store.isDown.Store(false)
		time.Sleep(2 * time.Second)
		back := count(10 * time.Second)
		if alone < 380 || share < 40 || share > 120 || back < 380 {
			t.Errorf("requests in 10 s: %d, without the store %d, and then %d; want 400, the share of a process of 4 to 7, and 400", alone, share, back)
		}
		if diff := cmp.Diff([]error{errDown, nil}, told, cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		if text := log.String(); strings.Count(text, "level=WARN") != 1 || strings.Count(text, "level=INFO") != 1 {
			t.Errorf("the log is\n%swant a warning and a line when it works again", text)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A store that panics fails like another one, and what the operator's function panics with ends nothing.
func TestFleetWhoseStorePanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []error
		var log bytes.Buffer
		f := NewFleet(nil, FleetOptions{
			Logger:  slog.New(slog.NewTextHandler(&log, nil)),
			OnStore: func(err error) { told = append(told, err); panic(err) },
		})
		done(t, started(t, f, Demand{MaxWait: time.Minute}), served)
		if err := f.Close(); err == nil || len(told) != 1 || !strings.Contains(log.String(), "OnStore panicked") {
			t.Errorf("closing: %v, told %v, once; want that the store panicked, and OnStore as well:\n%s", err, told, &log)
		}
	})
}

// What the store was not told is an error of Close.
func TestFleetCloseWithoutItsStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCountingStore()
		f := NewFleet(store, FleetOptions{})
		p := started(t, f, Demand{MaxWait: time.Minute})
		store.isDown.Store(true)
		done(t, p, paused)
		if err := f.Close(); !errors.Is(err, errDown) {
			t.Errorf("closing: %v; want that the store is down", err)
		}
	})
}

// A call of a process that was idle waits for what the others know, and one that follows does not.
func TestFleetAsksWhenItKnowsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCountingStore()
		f := processes(t, store, 1)[0]
		d := Demand{MaxWait: time.Minute}
		p := f.Admit(t.Context(), time.Now(), d)
		if by := p.WaitsFor(); by != "store" {
			t.Errorf("the first request waits for %q; want the store", by)
		}
		if err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		done(t, p, served)
		if p = f.Admit(t.Context(), time.Now(), d); p.WaitsFor() != "" {
			t.Errorf("the second request waits for %q; want nothing", p.WaitsFor())
		}
		done(t, p, served)
		time.Sleep(10 * time.Second)
		if n := store.exchanges.Load(); n != 2 {
			t.Errorf("%d exchanges; want one before the first request, and one after the last", n)
		}
	})
}

// A window is shared, and so is one whose requests count as several.
func TestFleetWindow(t *testing.T) {
	for name, tt := range map[string]struct {
		weight, requests int
	}{
		"requests":          {1, 6},
		"weights":           {2, 3},
		"larger than it is": {9, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				window := policy.Limit{Name: "hourly", Scope: apierrors.ScopeAccount, Window: policy.Rate{Count: 6, Per: time.Hour}}
				d := Demand{MaxWait: 10 * time.Second, Limits: []policy.Limit{window}, Weight: tt.weight}
				started := 0
				for _, f := range processes(t, NewMemoryStore(), 4) {
					for range 4 {
						p := f.Admit(t.Context(), time.Now(), d)
						if p.Wait(t.Context()) == nil {
							started++
							done(t, p, served)
						}
					}
				}
				if started != tt.requests {
					t.Errorf("%d requests started; want %d of the hour", started, tt.requests)
				}
			})
		})
	}
}

// Without the Store, a process has its share of windows and slots as well, also of those that it
// meets then for the first time.
func TestFleetSharesWithoutItsStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCountingStore()
		f := NewFleet(store, FleetOptions{Processes: 3})
		store.isDown.Store(true)
		limits := []policy.Limit{
			{Name: "hourly", Scope: apierrors.ScopeAccount, Window: policy.Rate{Count: 12, Per: time.Hour}},
			{Name: "exports", Scope: apierrors.ScopeAccount, Slots: 6},
		}
		var under []Place
		for range 3 {
			p := f.Admit(t.Context(), time.Now(), Demand{MaxWait: 10 * time.Second, Limits: limits})
			if p.Wait(t.Context()) == nil {
				under = append(under, p)
			}
		}
		if len(under) != 2 {
			t.Errorf("%d requests are under way; want 2 of 6", len(under))
		}
		for _, p := range under {
			done(t, p, served)
		}
		for range 4 {
			p := f.Admit(t.Context(), time.Now(), Demand{MaxWait: 10 * time.Second, Limits: limits})
			if p.Wait(t.Context()) == nil {
				under = append(under, p)
				done(t, p, served)
			}
		}
		if len(under) != 4 {
			t.Errorf("%d requests of the hour; want 4 of 12", len(under))
		}
		r := Renewal{Rejected: "token", Timeout: time.Minute}
		first := f.BeginRenewal(t.Context(), time.Now(), r)
		f.EndRenewal(t.Context(), time.Now(), r, time.Minute)
		if second := f.BeginRenewal(t.Context(), time.Now(), r); first != 0 || second != time.Minute {
			t.Errorf("waits %v and %v for the right to renew; want none, and a minute", first, second)
		}
		_ = f.Close()
	})
}

// A call after Close goes on alone, and asks nobody.
func TestFleetAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCountingStore()
		f := NewFleet(store, FleetOptions{})
		d := Demand{MaxWait: time.Minute, Limits: []policy.Limit{perSecond("calls", 10, 1)}}
		done(t, started(t, f, d), served)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		asked, began := store.exchanges.Load(), time.Now()
		for range 11 {
			done(t, started(t, f, d), served)
		}
		time.Sleep(10 * time.Second)
		if took := time.Since(began) - 10*time.Second; store.exchanges.Load() != asked || took < 900*time.Millisecond {
			t.Errorf("11 requests took %v, with %d exchanges; want a second for a limit of 10, and none", took, store.exchanges.Load()-asked)
		}
	})
}
