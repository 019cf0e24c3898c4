package traffic

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestQueueIsBounded(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	limit := policy.Limit{Name: "item", Scope: apierrors.ScopeRecord, Off: true}
	keyOf := func(i int) key { return key{limit: "item", of: fmt.Sprint(i)} }
	q := newQueue(Account{})
	for i := range maxLimiters {
		q.limiter(now, keyOf(i), &limit)
	}
	first := q.limiter(now, keyOf(0), nil)
	q.limiter(now, keyOf(maxLimiters), &limit)
	if q.recent.Len() != maxLimiters || len(q.byKey) != maxLimiters {
		t.Errorf("%d limiters, %d keys; want %d", q.recent.Len(), len(q.byKey), maxLimiters)
	}
	if q.limiter(now, keyOf(0), nil) != first || first == nil {
		t.Error("the limiter that was used a moment ago was dropped")
	}
	if q.limiter(now, keyOf(1), nil) != nil {
		t.Error("the limiter that was not used for the longest time is still there")
	}
}

// A closed gate, and a bucket that is not full, are kept while other records come and go.
func TestQueueKeepsWhatIsInUse(t *testing.T) {
	lead := limitOf("lead", apierrors.ScopeRecord, 1, time.Hour, 1)
	named := lead
	named.Off = true // it has a limiter only once it was closed
	record := func(limit policy.Limit, i int) Demand {
		return Demand{Record: fmt.Sprint("record ", i), Limits: []policy.Limit{limit}}
	}
	pause := func(t *testing.T, m *Memory, limit policy.Limit, i int, wait time.Duration) {
		p := admitted(t, m, record(limit, i))
		_ = p.Done(t.Context(), time.Now(), Report{Answered: time.Now(), Pause: wait, VendorPause: true, Limits: []policy.Limit{limit}})
	}
	for name, tt := range map[string]struct {
		first  func(*testing.T, *Memory) // makes record 0 wait
		others policy.Limit
	}{
		"a closed gate, and others without a limiter": {func(t *testing.T, m *Memory) { pause(t, m, named, 0, 20_000*time.Second) }, named},
		"a closed gate, and others with a part of their tokens": {
			func(t *testing.T, m *Memory) { pause(t, m, lead, 0, 20_000*time.Second) }, limitOf("lead", apierrors.ScopeRecord, 24, time.Hour, 24),
		},
		"an empty bucket, and others whose bucket fills sooner": {
			func(t *testing.T, m *Memory) { answer(admitted(t, m, record(lead, 0))) }, limitOf("other", apierrors.ScopeRecord, 1, time.Minute, 1),
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := NewMemory()
				tt.first(t, m)
				for i := range 2 * maxLimiters {
					pause(t, m, tt.others, i+1, time.Second)
				}
				time.Sleep(time.Minute)
				if err := m.Admit(t.Context(), time.Now(), record(lead, 0)).Wait(t.Context()); err == nil {
					t.Error("record 0 is let go")
				}
				if q := m.queue(time.Now(), Account{}); q.recent.Len() > maxLimiters || len(q.byKey) > maxLimiters {
					t.Errorf("%d limiters, %d keys; want %d at most", q.recent.Len(), len(q.byKey), maxLimiters)
				}
			})
		})
	}
}

// Accounts whose requests ended long ago are forgotten; others are kept.
func TestMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		account := func(i int) Demand { return Demand{Account: Account{Identity: fmt.Sprint(i)}} }
		paused := admitted(t, m, account(-1))
		_ = paused.Done(t.Context(), time.Now(), Report{Answered: time.Now(), Pause: time.Hour, VendorPause: true})
		for i := range 3 * maxAccounts {
			answer(admitted(t, m, account(i)))
		}
		if n := len(m.queues); n > maxAccounts || m.oldest.Len() != n {
			t.Errorf("%d accounts are kept, %d in order; want %d at most", n, m.oldest.Len(), maxAccounts)
		}
		if err := m.Admit(t.Context(), time.Now(), account(-1)).Wait(t.Context()); err == nil {
			t.Error("the account that is paused was forgotten")
		}
		for i := range 10 * maxAccounts { // all of these are paused
			p := admitted(t, m, account(3*maxAccounts+i))
			_ = p.Done(t.Context(), time.Now(), Report{Answered: time.Now(), Pause: time.Hour, VendorPause: true})
		}
		if n := len(m.queues); n > 10*maxAccounts {
			t.Errorf("%d accounts are kept; want %d at most", n, 10*maxAccounts)
		}
	})
}

func TestMemoryCountsAStreak(t *testing.T) {
	acme, now := Account{Vendor: "acme"}, time.Time{}
	type end struct {
		account Account
		report  Report
	}
	bad, worse := end{acme, Report{Refused: true, Code: "BAD"}}, end{acme, Report{Refused: true, Code: "WORSE"}}
	for name, tt := range map[string]struct {
		ends  []end
		code  string
		calls int
	}{
		"nothing yet":          {nil, "", 0},
		"the same code":        {[]end{bad, bad, bad}, "BAD", 3},
		"another code":         {[]end{bad, bad, worse}, "WORSE", 1},
		"a success":            {[]end{bad, {acme, Report{Served: true}}}, "", 0},
		"a failure":            {[]end{bad, {acme, Report{}}, bad}, "BAD", 2},
		"a refusal, no code":   {[]end{bad, {acme, Report{Refused: true}}}, "", 0},
		"of another account":   {[]end{bad, {Account{Vendor: "other"}, Report{Served: true}}}, "BAD", 1},
		"a pause changes none": {[]end{bad, {acme, Report{Pause: time.Second}}}, "BAD", 1},
	} {
		m := NewMemory()
		for _, e := range tt.ends {
			_ = m.Admit(t.Context(), now, Demand{Account: e.account}).Done(t.Context(), now, e.report)
		}
		if code, calls := m.Streak(t.Context(), now, acme); code != tt.code || calls != tt.calls {
			t.Errorf("%s: %d times %q; want %d times %q", name, calls, code, tt.calls, tt.code)
		}
	}
}

// Served and refused calls fill the budget, as either shows that the vendor is at work.
func TestMemoryPaysForRetries(t *testing.T) {
	acme, now := Account{Vendor: "acme"}, time.Time{}
	m, prices := NewMemory(), policy.Prices{Full: 10, Retry: 5, Success: 1}
	pays := func(a Account) (n int) {
		for m.Pay(t.Context(), now, a, prices, 5) {
			n++
		}
		return n
	}
	if got := pays(acme); got != 2 {
		t.Errorf("a full budget paid for %d; want 2", got)
	}
	for i := range 10 {
		for _, r := range []Report{{Served: i%2 == 0, Refused: i%2 == 1, Prices: prices}, {Prices: prices}} {
			_ = m.Admit(t.Context(), now, Demand{Account: acme}).Done(t.Context(), now, r)
		}
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
