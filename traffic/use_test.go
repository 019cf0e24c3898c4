package traffic

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// usesOf returns how much of the limits of the only account is used.
func usesOf(t *testing.T, s Shared) []LimitUse {
	t.Helper()
	return s.Status(t.Context(), time.Now(), policy.Prices{})[0].Limits
}

// How much of a limit is used when some of 5 requests have ended, and after a while without any.
func TestStatusSaysHowMuchOfALimitIsUsed(t *testing.T) {
	account := apierrors.ScopeAccount
	announced := Report{Served: true, Quotas: []policy.Quota{{Size: 100, Left: 30, Reset: time.Minute}}}
	spent := Report{Served: true, Quotas: []policy.Quota{{Limit: "points", Spent: 40, Left: -1}}}
	for name, tt := range map[string]struct {
		limits []policy.Limit
		ended  int // of the 5
		report Report
		rest   time.Duration
		want   []LimitUse
	}{
		"none is bound":          {nil, 5, served, 0, nil},
		"one that is off":        {[]policy.Limit{{Name: "a", Scope: account, Off: true, Slots: 1}}, 5, served, 0, nil},
		"a rate":                 {[]policy.Limit{limitOf("a", account, 10, time.Minute, 10)}, 0, served, 0, []LimitUse{{Limit: "a", Scope: account, Source: Declared, Used: 5, Size: 10}}},
		"a rate, after a while":  {[]policy.Limit{limitOf("a", account, 10, time.Minute, 10)}, 5, served, 18 * time.Second, []LimitUse{{Limit: "a", Scope: account, Source: Declared, Used: 2, Size: 10}}},
		"a rate, after long":     {[]policy.Limit{limitOf("a", account, 10, time.Minute, 10)}, 5, served, time.Hour, []LimitUse{{Limit: "a", Scope: account, Source: Declared, Used: 0, Size: 10}}},
		"a part of a rate":       {[]policy.Limit{{Name: "a", Scope: account, Rate: policy.Rate{Count: 20, Per: time.Minute}, Burst: 20, Share: 50}}, 5, served, 0, []LimitUse{{Limit: "a", Scope: account, Source: Declared, Used: 5, Size: 10}}},
		"a window":               {[]policy.Limit{{Name: "a", Scope: account, Window: policy.Rate{Count: 8, Per: time.Hour}}}, 3, served, 0, []LimitUse{{Limit: "a", Scope: account, Source: Declared, Used: 5, Size: 8}}},
		"a window that is over":  {[]policy.Limit{{Name: "a", Scope: account, Window: policy.Rate{Count: 8, Per: time.Hour}}}, 5, served, 2 * time.Hour, []LimitUse{{Limit: "a", Scope: account, Source: Declared, Used: 0, Size: 8}}},
		"a window of points":     {[]policy.Limit{{Name: "points", Scope: account, Window: policy.Rate{Count: 1000, Per: time.Hour}, Cost: 20}}, 1, spent, 0, []LimitUse{{Limit: "points", Scope: account, Source: Declared, Used: 120, Size: 1000}}},
		"slots":                  {[]policy.Limit{{Name: "a", Scope: account, Slots: 10}}, 2, served, 0, []LimitUse{{Limit: "a", Scope: account, Source: Declared, Used: 3, Size: 10}}},
		"slots that are held":    {[]policy.Limit{{Name: "a", Scope: account, Slots: 10, Held: time.Minute}}, 2, served, 0, []LimitUse{{Limit: "a", Scope: account, Source: Declared, Used: 5, Size: 10}}},
		"slots that are free":    {[]policy.Limit{{Name: "a", Scope: account, Slots: 10, Held: time.Minute}}, 5, served, time.Minute, []LimitUse{{Limit: "a", Scope: account, Source: Declared, Used: 0, Size: 10}}},
		"the fuller of two":      {[]policy.Limit{{Name: "a", Scope: account, Window: policy.Rate{Count: 100, Per: time.Hour}, Slots: 10}}, 0, served, 0, []LimitUse{{Limit: "a", Scope: account, Source: Declared, Used: 5, Size: 10}}},
		"an announced window":    {nil, 1, announced, 0, []LimitUse{{Scope: account, Source: Announced, Used: 74, Size: 100}}},
		"an announced, over":     {nil, 5, announced, time.Hour, nil},
		"an announced and slots": {[]policy.Limit{{Name: "a", Scope: account, Slots: 10}}, 5, announced, 0, []LimitUse{{Scope: account, Source: Announced, Used: 70, Size: 100}, {Limit: "a", Scope: account, Source: Declared, Size: 10}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := NewMemory()
				var all []Place
				for range 5 {
					all = append(all, admitted(t, m, Demand{Limits: tt.limits, MaxWait: time.Minute}))
				}
				for _, p := range all[:tt.ended] {
					done(t, p, tt.report)
				}
				time.Sleep(tt.rest)
				if diff := cmp.Diff(tt.want, usesOf(t, m)); diff != "" {
					t.Errorf("uses (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// How much is used of limits that were found by trying, while a job runs into them.
func TestStatusSaysHowMuchOfALearnedLimitIsUsed(t *testing.T) {
	for name, tt := range map[string]struct {
		job    func() *job
		source Source
		size   int
	}{
		"slots": {func() *job {
			return crowded(1, &slotVendor{count: 8, work: func() time.Duration { return 100 * time.Millisecond }}, time.Millisecond)
		}, Tried, 8},
		"a rate":  {func() *job { return newJob(1, tokens(100, 10)) }, Looking, 3},
		"windows": {func() *job { return newJob(1, windowed(100, 10*time.Second)) }, Tried, 100},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := tt.job()
				most := LimitUse{}
				ctx := t.Context()
				ticker := time.NewTicker(100 * time.Millisecond)
				end := make(chan struct{})
				watched := make(chan struct{})
				go func() {
					defer close(watched)
					for {
						select {
						case <-ticker.C:
							for _, u := range j.memory.Status(ctx, time.Now(), policy.Prices{})[0].Limits {
								if u.Source == tt.source && u.Size == tt.size && u.Used > most.Used {
									most = u
								}
							}
						case <-end:
							return
						}
					}
				}()
				j.run(t, 900, 16)
				close(end)
				<-watched
				if most.Part() < 0.9 || most.Limit != "" {
					t.Errorf("the most that was used is %+v; want about all", most)
				}
			})
		})
	}
}

// windowed is a vendor that accepts so many requests in each window, and says to wait until its end.
func windowed(size int, length time.Duration) func(time.Time) time.Duration {
	var end time.Time
	used := 0
	return func(now time.Time) time.Duration {
		if !now.Before(end) {
			end, used = now.Truncate(length).Add(length), 0
		}
		if used++; used > size {
			return 100 * time.Millisecond
		}
		return 0
	}
}

// Those that wait count for the limit that holds them back, and not for others that they fall under.
func TestStatusSaysWhoWaitsForALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		wide := policy.Limit{Name: "wide", Scope: apierrors.ScopeAccount, Slots: 100}
		narrow := policy.Limit{Name: "narrow", Scope: apierrors.ScopeRecord, Slots: 1}
		demand := func(record string) Demand {
			return Demand{Limits: []policy.Limit{wide, narrow}, Record: record, MaxWait: time.Hour}
		}
		ctx, cancel := context.WithCancel(t.Context())
		for _, record := range []string{"a", "b"} {
			admitted(t, m, demand(record))
			for range 2 {
				p := m.Admit(ctx, time.Now(), demand(record))
				defer func() { _ = p.Wait(ctx) }()
			}
		}
		want := []LimitUse{
			{Limit: "narrow", Scope: apierrors.ScopeRecord, Source: Declared, Used: 1, Size: 1, Waiting: 4},
			{Limit: "wide", Scope: apierrors.ScopeAccount, Source: Declared, Used: 2, Size: 100},
		}
		if diff := cmp.Diff(want, usesOf(t, m)); diff != "" {
			t.Errorf("uses (-want +got):\n%s", diff)
		}
		cancel()
	})
}

// However many records and endpoints have a limit of their own, it is one, that of which the most
// is used.
func TestStatusHasOneUseOfEachLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		limits := []policy.Limit{
			{Name: "record", Scope: apierrors.ScopeRecord, Window: policy.Rate{Count: 10, Per: time.Hour}},
			{Name: "endpoint", Scope: apierrors.ScopeEndpoint, Window: policy.Rate{Count: 1000, Per: time.Hour}},
		}
		for i := range 2_000 {
			record := fmt.Sprint("record", i)
			for range 1 + i/1_999 { // the last one twice
				answer(admitted(t, m, Demand{Limits: limits, Record: record, Endpoint: fmt.Sprint("/e", i%50), MaxWait: time.Minute}))
			}
		}
		want := []LimitUse{
			{Limit: "endpoint", Scope: apierrors.ScopeEndpoint, Source: Declared, Used: 41, Size: 1000},
			{Limit: "record", Scope: apierrors.ScopeRecord, Source: Declared, Used: 2, Size: 10},
		}
		if diff := cmp.Diff(want, usesOf(t, m)); diff != "" {
			t.Errorf("uses (-want +got):\n%s", diff)
		}
	})
}

// In a fleet, what a process uses is its own.
func TestStatusOfAFleetSaysWhatTheProcessUses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := processes(t, NewMemoryStore(), 2)
		d := Demand{MaxWait: time.Minute, Limits: []policy.Limit{{Name: "exports", Scope: apierrors.ScopeAccount, Slots: 10}}}
		for range 3 {
			defer done(t, started(t, all[0], d), served)
		}
		defer done(t, started(t, all[1], d), served)
		for i, used := range []int{3, 1} {
			want := []LimitUse{{Limit: "exports", Scope: apierrors.ScopeAccount, Source: Declared, Used: used, Size: 10}}
			if diff := cmp.Diff(want, usesOf(t, all[i])); diff != "" {
				t.Errorf("process %d: uses (-want +got):\n%s", i, diff)
			}
		}
	})
}
