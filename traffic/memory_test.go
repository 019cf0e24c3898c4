package traffic

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestMemoryIsBounded(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	limit := policy.Limit{Name: "item", Scope: apierrors.ScopeRecord, Off: true}
	keyOf := func(i int) key { return key{limit: "item", record: fmt.Sprint(i)} }
	m := NewMemory()
	for i := range maxLimiters {
		m.limiter(now, keyOf(i), &limit)
	}
	first := m.limiter(now, keyOf(0), nil)
	m.limiter(now, keyOf(maxLimiters), &limit)
	if m.recent.Len() != maxLimiters || len(m.byKey) != maxLimiters {
		t.Errorf("%d limiters, %d keys; want %d", m.recent.Len(), len(m.byKey), maxLimiters)
	}
	if m.limiter(now, keyOf(0), nil) != first || first == nil {
		t.Error("the limiter that was used a moment ago was dropped")
	}
	if m.limiter(now, keyOf(1), nil) != nil {
		t.Error("the limiter that was not used for the longest time is still there")
	}
}

// A closed gate, and a bucket that is not full, are kept while other records come and go.
func TestMemoryKeepsWhatIsInUse(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	acme := Account{Vendor: "acme"}
	lead := policy.Limit{Name: "lead", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 1, Per: time.Hour}}
	named := lead
	named.Off = true // it has a limiter only once it was closed
	record := func(limit policy.Limit, i int) Demand {
		return Demand{Account: acme, Record: fmt.Sprint("record ", i), Limits: []policy.Limit{limit}}
	}
	for name, tt := range map[string]struct {
		first  func(m *Memory) // makes record 0 wait
		others policy.Limit
	}{
		"a closed gate, and others without a limiter": {func(m *Memory) {
			m.Done(t.Context(), now, Report{Account: acme, Record: "record 0", Pause: 20_000 * time.Second, Limit: &named})
		}, named},
		"a closed gate, and others with a part of their tokens": {func(m *Memory) {
			m.Done(t.Context(), now, Report{Account: acme, Record: "record 0", Pause: 20_000 * time.Second, Limit: &lead})
		}, policy.Limit{Name: "lead", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 24, Per: time.Hour}, Burst: 24}},
		"an empty bucket, and others whose bucket fills sooner": {func(m *Memory) {
			m.Admit(t.Context(), now, record(lead, 0))
		}, policy.Limit{Name: "other", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 1, Per: time.Minute}}},
	} {
		t.Run(name, func(t *testing.T) {
			m := NewMemory()
			tt.first(m)
			for i := range 3 * maxLimiters {
				m.Done(t.Context(), now, Report{Account: acme, Record: fmt.Sprint("record ", i+1), Pause: time.Second, Limit: &tt.others})
				m.Admit(t.Context(), now.Add(2*time.Second), record(tt.others, i+1))
			}
			if v := m.Admit(t.Context(), now.Add(time.Minute), record(lead, 0)); !v.Refused {
				t.Errorf("record 0 is let go: %+v", v)
			}
			if m.recent.Len() != maxLimiters || len(m.byKey) != maxLimiters {
				t.Errorf("%d limiters, %d keys; want %d", m.recent.Len(), len(m.byKey), maxLimiters)
			}
		})
	}
}

// The budget counts in fifths of a retry, without a remainder.
func TestBudget(t *testing.T) {
	var b budget
	pays := func(want int) {
		t.Helper()
		got := 0
		for b.pay(10) {
			got++
		}
		if got != want {
			t.Errorf("paid for %d; want %d", got, want)
		}
	}
	pays(10)
	for range 4 {
		b.earn(10)
	}
	pays(0)
	b.earn(10)
	pays(1)
	for range 10_000 {
		b.earn(10)
	}
	pays(100)
	b.refund(10)
	pays(1)
}

// A script of demands and reports, at given times, and what becomes of them.
func TestMemoryAdmits(t *testing.T) {
	start := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	acme := Account{Vendor: "acme"}
	perSecond := policy.Limit{Name: "burst", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Second}}
	perDay := policy.Limit{Name: "daily", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: 24 * time.Hour}}
	perRecord := policy.Limit{Name: "record", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 1, Per: time.Minute}}
	off := policy.Limit{Name: "off", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Hour}, Off: true}
	type step struct {
		after  time.Duration
		report *Report
		demand Demand
		want   Verdict
	}
	of := func(limits ...policy.Limit) Demand {
		return Demand{Account: acme, Limits: limits, MaxWait: time.Minute}
	}
	booked := func(d Demand) Demand { d.Booked = true; return d }
	record := func(d Demand, key string) Demand { d.Record = key; return d }
	for name, steps := range map[string][]step{
		"no limit": {{0, nil, of(), Verdict{}}, {0, nil, of(), Verdict{}}},
		"a rate": {
			{0, nil, of(perSecond), Verdict{}},
			{0, nil, of(perSecond), Verdict{Wait: time.Second, Booked: true, By: "limit burst", Scope: apierrors.ScopeAccount}},
			{0, nil, of(perSecond), Verdict{Wait: 2 * time.Second, Booked: true, By: "limit burst", Scope: apierrors.ScopeAccount}},
			{time.Second, nil, booked(of(perSecond)), Verdict{}},
		},
		"all limits or none": {
			{0, nil, of(perSecond, perDay), Verdict{}},
			{0, nil, of(perSecond, perDay), Verdict{Wait: 24 * time.Hour, Refused: true, By: "limit daily", Scope: apierrors.ScopeAccount}},
			{time.Second, nil, of(perSecond), Verdict{}},
		},
		"a limit that is off": {{0, nil, of(off), Verdict{}}, {0, nil, of(off), Verdict{}}},
		"a record's limit": {
			{0, nil, record(of(perRecord), "a"), Verdict{}},
			{0, nil, record(of(perRecord), "b"), Verdict{}},
			{0, nil, record(of(perRecord), "a"), Verdict{Wait: time.Minute, Booked: true, By: "limit record", Scope: apierrors.ScopeRecord}},
			{0, nil, of(perRecord), Verdict{}},
		},
		"a pause": {
			{0, &Report{Account: acme, Pause: time.Hour}, of(), Verdict{Wait: time.Hour, Refused: true, By: "gate account", Scope: apierrors.ScopeAccount}},
			{time.Minute, &Report{Account: acme, Pause: time.Minute}, Demand{Account: acme, MaxWait: time.Hour}, Verdict{Wait: 59 * time.Minute, By: "gate account", Scope: apierrors.ScopeAccount}},
			{0, nil, Demand{Account: Account{Vendor: "acme", Identity: "other"}}, Verdict{}},
			{59 * time.Minute, nil, of(), Verdict{}},
		},
		"a pause of a limit that is off": {
			{0, &Report{Account: acme, Pause: 30 * time.Second, Limit: &off}, of(off), Verdict{Wait: 30 * time.Second, By: "gate off", Scope: apierrors.ScopeAccount}},
			{0, nil, of(), Verdict{}},
		},
		"a pause of a record that nobody named": {
			{0, &Report{Account: acme, Pause: 30 * time.Second, Limit: &perRecord}, record(of(perRecord), "a"), Verdict{}},
		},
		"a guess": {
			{0, &Report{Account: acme, Pause: 30 * time.Second, Limit: &perSecond, Guessed: true}, of(perSecond), Verdict{Wait: 30 * time.Second, By: "gate burst", Scope: apierrors.ScopeAccount}},
			{0, nil, of(), Verdict{}},
			{0, &Report{Account: acme, Pause: 30 * time.Second, Limit: &perSecond, Guessed: true}, of(), Verdict{}},
		},
		"a guess about a second limit pauses the account": {
			{0, &Report{Account: acme, Pause: 40 * time.Second, Limit: &perSecond, Guessed: true}, of(), Verdict{}},
			{0, &Report{Account: acme, Pause: 20 * time.Second, Limit: &off, Guessed: true}, of(), Verdict{Wait: 20 * time.Second, By: "gate account", Scope: apierrors.ScopeAccount}},
			{30 * time.Second, nil, of(), Verdict{}},
			{0, &Report{Account: acme, Pause: 5 * time.Second, Limit: &off, Guessed: true}, of(), Verdict{Wait: 5 * time.Second, By: "gate account", Scope: apierrors.ScopeAccount}},
		},
		"a guess after another was over": {
			{0, &Report{Account: acme, Pause: 10 * time.Second, Limit: &perSecond, Guessed: true}, of(), Verdict{}},
			{10 * time.Second, &Report{Account: acme, Pause: 10 * time.Second, Limit: &off, Guessed: true}, of(), Verdict{}},
		},
		"a limit that a response names is no guess": {
			{0, &Report{Account: acme, Pause: 10 * time.Second, Limit: &perSecond, Guessed: true}, of(), Verdict{}},
			{0, &Report{Account: acme, Pause: 10 * time.Second, Limit: &off}, of(), Verdict{}},
		},
		"a gate closes while a place is booked": {
			{0, nil, of(perSecond), Verdict{}},
			{0, nil, of(perSecond), Verdict{Wait: time.Second, Booked: true, By: "limit burst", Scope: apierrors.ScopeAccount}},
			{time.Second, &Report{Account: acme, Pause: time.Second}, booked(of(perSecond)), Verdict{Wait: time.Second, By: "gate account", Scope: apierrors.ScopeAccount}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m, now := NewMemory(), start
			for i, s := range steps {
				now = now.Add(s.after)
				if s.report != nil {
					m.Done(t.Context(), now, *s.report)
				}
				if diff := cmp.Diff(s.want, m.Admit(t.Context(), now, s.demand)); diff != "" {
					t.Errorf("step %d (-want +got):\n%s", i+1, diff)
				}
			}
		})
	}
}

func TestMemoryCountsAStreak(t *testing.T) {
	acme, now := Account{Vendor: "acme"}, time.Time{}
	bad, worse := Report{Account: acme, Refused: true, Code: "BAD"}, Report{Account: acme, Refused: true, Code: "WORSE"}
	for name, tt := range map[string]struct {
		reports []Report
		code    string
		calls   int
	}{
		"nothing yet":          {nil, "", 0},
		"the same code":        {[]Report{bad, bad, bad}, "BAD", 3},
		"another code":         {[]Report{bad, bad, worse}, "WORSE", 1},
		"a success":            {[]Report{bad, {Account: acme, Served: true}}, "", 0},
		"a failure":            {[]Report{bad, {Account: acme}, bad}, "BAD", 2},
		"a refusal, no code":   {[]Report{bad, {Account: acme, Refused: true}}, "", 0},
		"of another account":   {[]Report{bad, {Account: Account{Vendor: "other"}, Served: true}}, "BAD", 1},
		"a pause changes none": {[]Report{bad, {Account: acme, Pause: time.Second}}, "BAD", 1},
	} {
		m := NewMemory()
		for _, r := range tt.reports {
			m.Done(t.Context(), now, r)
		}
		if code, calls := m.Streak(t.Context(), now, acme); code != tt.code || calls != tt.calls {
			t.Errorf("%s: %d times %q; want %d times %q", name, calls, code, tt.calls, tt.code)
		}
	}
}

// Served and refused calls fill the budget, as either shows that the vendor is at work.
func TestMemoryPaysForRetries(t *testing.T) {
	acme, now := Account{Vendor: "acme"}, time.Time{}
	m := NewMemory()
	pays := func(a Account) (n int) {
		for m.Pay(t.Context(), now, a, 2) {
			n++
		}
		return n
	}
	if got := pays(acme); got != 2 {
		t.Errorf("a full budget paid for %d; want 2", got)
	}
	for i := range 10 {
		m.Done(t.Context(), now, Report{Account: acme, Served: i%2 == 0, Refused: i%2 == 1, Full: 2})
		m.Done(t.Context(), now, Report{Account: acme, Full: 2})
	}
	if got := pays(acme); got != 2 {
		t.Errorf("10 calls paid for %d; want 2", got)
	}
	if got := pays(Account{Vendor: "acme", Identity: "other"}); got != 2 {
		t.Errorf("another account paid for %d; want 2", got)
	}
}

func TestMemoryGivesOneTheRightToRenew(t *testing.T) {
	start := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) time.Time { return start.Add(d) }
	r := Renewal{Rejected: "token 1", Timeout: 30 * time.Second}
	m := NewMemory()
	begin := func(d time.Duration, r Renewal, want time.Duration) {
		t.Helper()
		if got := m.BeginRenewal(t.Context(), at(d), r); got != want {
			t.Errorf("after %v: wait %v; want %v", d, got, want)
		}
	}
	begin(0, r, 0)
	begin(10*time.Second, r, 20*time.Second)
	begin(10*time.Second, Renewal{Rejected: "token 2", Timeout: time.Second}, 0)
	m.EndRenewal(t.Context(), at(12*time.Second), r, 5*time.Second)
	begin(13*time.Second, r, 4*time.Second)
	begin(17*time.Second, r, 0)
	m.EndRenewal(t.Context(), at(18*time.Second), r, 0)
	begin(18*time.Second, r, 0)
	begin(48*time.Second, r, 0) // whoever had it is gone
	if n := len(m.leases.ends); n != 1 {
		t.Errorf("%d rights are remembered; want 1", n)
	}
}
