package traffic

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// answerWith ends a request that was accepted, with what its response says about limits.
func answerWith(t *testing.T, p Place, quotas ...policy.Quota) {
	t.Helper()
	now := time.Now()
	_ = p.Done(t.Context(), now, Report{Answered: now, Served: true, Quotas: quotas})
}

// waitOf returns how long the next request waits.
func waitOf(t *testing.T, m *Memory, d Demand) time.Duration {
	t.Helper()
	began := time.Now()
	d.MaxWait = 48 * time.Hour
	p := m.Admit(t.Context(), began, d)
	if err := p.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	answer(p)
	return time.Since(began)
}

// A response may announce several windows, which each request meets.
func TestSeveralToldWindows(t *testing.T) {
	burst := func(left int) policy.Quota {
		return policy.Quota{Limit: "burst", Size: 10, Left: left, Reset: time.Second}
	}
	daily := func(left int) policy.Quota {
		return policy.Quota{Limit: "daily", Size: 1000, Left: left, Reset: time.Hour}
	}
	for name, tt := range map[string]struct {
		told [][]policy.Quota
		want time.Duration
	}{
		"both have some left":        {[][]policy.Quota{{burst(5), daily(100)}}, 0},
		"none is left of the first":  {[][]policy.Quota{{burst(0), daily(100)}}, time.Second},
		"none is left of the second": {[][]policy.Quota{{burst(5), daily(0)}}, time.Hour},
		"none of both":               {[][]policy.Quota{{daily(0), burst(0)}}, time.Hour},
		"one, and then both":         {[][]policy.Quota{{burst(5)}, {burst(4), daily(100)}}, 0},
		"both, and then one":         {[][]policy.Quota{{burst(5), daily(5)}, {burst(0)}}, 0},
		"one, and then the other":    {[][]policy.Quota{{burst(5)}, {daily(0)}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := NewMemory()
				places := make([]Place, len(tt.told))
				for i := range tt.told {
					places[i] = admitted(t, m, Demand{})
				}
				for i, quotas := range tt.told {
					answerWith(t, places[i], quotas...)
				}
				if got := waitOf(t, m, Demand{}); got != tt.want {
					t.Errorf("the next request waits %v; want %v", got, tt.want)
				}
			})
		})
	}
}

// How long a request waits after one that said what it took, or what is left.
func TestPointsAreCorrected(t *testing.T) {
	rate := policy.Limit{Name: "points", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 10, Per: time.Second}, Burst: 101, Cost: 10}
	window := policy.Limit{Name: "points", Scope: apierrors.ScopeAccount, Window: policy.Rate{Count: 100, Per: time.Minute}, Cost: 10}
	told := func(q policy.Quota) policy.Quota { q.Limit = "points"; return q }
	spent := func(n int) policy.Quota { return told(policy.Quota{Spent: n, Left: -1}) }
	left := func(n int) policy.Quota { return told(policy.Quota{Left: n}) }
	for name, tt := range map[string]struct {
		limit  policy.Limit
		weight int // of the first request; the second takes 100
		quota  policy.Quota
		want   time.Duration
	}{
		"rate":                       {rate, 0, told(policy.Quota{Left: -1}), time.Second},
		"rate, a heavy request":      {rate, 3, told(policy.Quota{Left: -1}), 3 * time.Second},
		"rate, it took more":         {rate, 0, spent(50), 5 * time.Second},
		"rate, it took less":         {rate, 3, spent(10), time.Second},
		"rate, 40 are left":          {rate, 0, left(40), 6 * time.Second},
		"rate, all are left":         {rate, 0, left(500), 0},
		"window":                     {window, 0, told(policy.Quota{Left: -1}), time.Minute},
		"window, it took nothing":    {window, 0, spent(1), time.Minute},
		"window, it ends sooner":     {window, 0, told(policy.Quota{Left: 50, Size: 100, Reset: 20 * time.Second}), 20 * time.Second},
		"window, it ends too late":   {window, 0, told(policy.Quota{Left: 50, Size: 100, Reset: time.Hour}), time.Minute},
		"window, more than it holds": {window, 0, spent(10_000), time.Minute},
		"window, a larger request":   {window, 25, told(policy.Quota{Left: -1}), time.Minute},
		"window, the largest":        {window, math.MaxInt, told(policy.Quota{Left: -1}), time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := NewMemory()
				d := Demand{Limits: []policy.Limit{tt.limit}, Weight: tt.weight}
				answerWith(t, admitted(t, m, d), tt.quota)
				d.Weight = 10
				if got := waitOf(t, m, d).Round(time.Millisecond); got != tt.want {
					t.Errorf("the next request waits %v; want %v", got, tt.want)
				}
			})
		})
	}
}

// Of a window whose end no response says, no more leave than a response says are left, for its whole
// length: others use it, too. Those under way are among those that the vendor has counted.
func TestWhatIsLeftOfAWindow(t *testing.T) {
	for name, tt := range map[string]struct {
		left, under int // under way beside the one with the response
		atOnce      int // requests that leave after it
	}{
		"what is ours":             {9, 0, 9},
		"others used some":         {3, 0, 3},
		"others used some, busy":   {3, 2, 3},
		"none":                     {0, 0, 0},
		"more than there are":      {500, 0, 9},
		"nothing is said":          {-1, 0, 9},
		"ours are not counted yet": {9, 4, 5},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := NewMemory()
				d := Demand{Limits: []policy.Limit{{Name: "burst", Scope: apierrors.ScopeAccount, Window: policy.Rate{Count: 10, Per: 10 * time.Second}}}}
				first := admitted(t, m, d)
				for range tt.under {
					_ = admitted(t, m, d)
				}
				answerWith(t, first, policy.Quota{Limit: "burst", Size: 10, Left: tt.left})
				for i := range tt.atOnce {
					if got := waitOf(t, m, d); got != 0 {
						t.Fatalf("request %d waits %v", i+1, got)
					}
				}
				if got := waitOf(t, m, d); got != 10*time.Second {
					t.Errorf("the next request waits %v; want 10s", got)
				}
			})
		})
	}
}

// Where responses say when a window ends, one that says that it ends now holds nothing back.
func TestWhatIsLeftAtTheEndOfAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		d := Demand{Limits: []policy.Limit{{Name: "burst", Scope: apierrors.ScopeAccount, Window: policy.Rate{Count: 10, Per: 10 * time.Second}}}}
		answerWith(t, admitted(t, m, d), policy.Quota{Limit: "burst", Size: 10, Left: 5, Reset: 4 * time.Second})
		time.Sleep(4 * time.Second)
		answerWith(t, admitted(t, m, d), policy.Quota{Limit: "burst", Size: 10, Left: 0})
		if got := waitOf(t, m, d); got != 0 {
			t.Errorf("the next request waits %v; want 0", got)
		}
	})
}

// A declared window turns where a response says, and again after its length.
func TestDeclaredWindowIsAligned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		d := Demand{Limits: []policy.Limit{{Name: "hourly", Scope: apierrors.ScopeAccount, Window: policy.Rate{Count: 2, Per: time.Hour}}}}
		answerWith(t, admitted(t, m, d), policy.Quota{Limit: "hourly", Size: 2, Left: 1, Reset: 10 * time.Minute})
		began := time.Now()
		for i, want := range []time.Duration{0, 10 * time.Minute, 10 * time.Minute, 70 * time.Minute} {
			waitOf(t, m, d)
			if got := time.Since(began); got != want {
				t.Errorf("request %d left after %v; want %v", i+2, got, want)
			}
		}
	})
}

// A slot that a job holds is free again when a response to another request says so.
func TestHeldSlotIsFreed(t *testing.T) {
	exports := policy.Limit{Name: "exports", Scope: apierrors.ScopeAccount, Slots: 1, Held: time.Hour}
	for name, tt := range map[string]struct {
		freed string
		want  time.Duration
	}{
		"its job":     {"exports", time.Minute},
		"another job": {"imports", time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := NewMemory()
				d := Demand{Limits: []policy.Limit{exports}}
				answer(admitted(t, m, d))
				time.AfterFunc(time.Minute, func() { answerWith(t, admitted(t, m, Demand{}), policy.Quota{Limit: tt.freed, Left: -1, Freed: true}) })
				if got := waitOf(t, m, d); got != tt.want {
					t.Errorf("the next export waits %v; want %v", got, tt.want)
				}
				if m.queue(time.Now(), Account{}).isIdle(time.Now()) {
					t.Error("the queue is idle although a slot is held")
				}
			})
		})
	}
}

// A call that does not fit into what is left of a declared window is refused, with the time to
// come back.
func TestDeclaredWindowRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		d := Demand{Limits: []policy.Limit{{Name: "daily", Scope: apierrors.ScopeAccount, Window: policy.Rate{Count: 3, Per: 24 * time.Hour}}}, MaxWait: time.Minute}
		for range 3 {
			answer(admitted(t, m, d))
		}
		time.Sleep(time.Hour)
		var refusal *Refusal
		err := m.Admit(t.Context(), time.Now(), d).Wait(t.Context())
		if refusal, _ = err.(*Refusal); refusal == nil || refusal.By != "limit daily" || refusal.Wait != 23*time.Hour { //nolint:errorlint // it is not wrapped
			t.Errorf("got %v; want to come back to limit daily in 23h", err)
		}
	})
}
