package traffic

import (
	"container/list"
	"context"
	"slices"
	"sync"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// maxLimiters bounds how many limiters a Memory keeps; see evict.
const maxLimiters = 10_000

// maxLooks is how many limiters are looked at to find one that can be dropped.
const maxLooks = 16

// A Memory is a Shared for the calls of one process. Make one with NewMemory.
type Memory struct {
	mu     sync.Mutex
	byKey  map[key]*list.Element
	recent *list.List // of *limiter, the latest used first

	booking sync.Mutex // held while tokens are taken: they can be given back whole only while nobody took one after

	leases leases
}

// NewMemory returns an empty Memory.
func NewMemory() *Memory {
	return &Memory{byKey: map[key]*list.Element{}, recent: list.New(), leases: leases{ends: map[Renewal]time.Time{}}}
}

// A key names a limiter: a limit as one account, or one record of it, meets it. The one
// without a limit is the account's own, which every request passes.
type key struct {
	account       Account
	limit, record string
}

// own is the limit of every account: a gate without a rate.
var own = policy.Limit{Scope: apierrors.ScopeAccount, Off: true}

// limiter returns the limiter called k. If there is none, it is made for limit, or not at
// all if limit is nil.
func (m *Memory) limiter(now time.Time, k key, limit *policy.Limit) *limiter {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.byKey[k]; ok {
		m.recent.MoveToFront(e)
		known, _ := e.Value.(*limiter)
		return known
	}
	if limit == nil {
		return nil
	}
	if m.recent.Len() >= maxLimiters {
		m.evict(now)
	}
	made := newLimiter(k, *limit)
	m.byKey[k] = m.recent.PushFront(made)
	return made
}

// evict drops one of the limiters that were not used for the longest time: the one that is
// as good as new first, as its gate opens and its bucket is full. So a gate that is closed
// outlives those of other records. The others that were looked at are not looked at again
// soon. The caller holds the lock.
func (m *Memory) evict(now time.Time) {
	var victim *list.Element
	var soonest time.Time
	for range min(maxLooks, m.recent.Len()) {
		e := m.recent.Back()
		m.recent.MoveToFront(e)
		l, _ := e.Value.(*limiter)
		if at := l.renewedAt(now); victim == nil || at.Before(soonest) {
			victim, soonest = e, at
		}
	}
	dropped, _ := m.recent.Remove(victim).(*limiter)
	delete(m.byKey, dropped.key)
}

// accountOf returns the account's own limiter.
func (m *Memory) accountOf(now time.Time, a Account) *limiter {
	return m.limiter(now, key{account: a}, &own)
}

// limiters appends to passed those that d passes. A record's limit is passed only by
// requests that name their record; a limit that is off has a limiter only once its gate
// was closed.
func (m *Memory) limiters(passed []*limiter, now time.Time, d Demand) []*limiter {
	passed = append(passed, m.accountOf(now, d.Account))
	for _, limit := range d.Limits {
		k, ok := keyOf(d.Account, d.Record, limit)
		if !ok {
			continue
		}
		wanted := &limit
		if limit.Off {
			wanted = nil
		}
		if l := m.limiter(now, k, wanted); l != nil {
			passed = append(passed, l)
		}
	}
	return passed
}

// keyOf returns the key of a limit; false for a record's limit without a record.
func keyOf(a Account, record string, limit policy.Limit) (key, bool) {
	k := key{account: a, limit: limit.Name}
	if limit.Scope == apierrors.ScopeRecord {
		k.record = record
		return k, record != ""
	}
	return k, true
}

// Admit implements Shared. If a gate closes while a request waits for its tokens, they are
// lost. It books new ones when the gate opens, so that waiting requests do not leave all at
// once.
func (m *Memory) Admit(_ context.Context, now time.Time, d Demand) Verdict {
	var few [4]*limiter // most requests pass no more
	passed := m.limiters(few[:0], now, d)
	if last, wait := lastClosed(passed, now); wait > 0 {
		return Verdict{Wait: wait, Refused: wait > d.MaxWait, By: last.name("gate"), Scope: last.scope}
	}
	if d.Booked {
		return Verdict{}
	}
	return m.book(passed, now, d.MaxWait)
}

// lastClosed returns the limiter whose gate stays closed the longest.
func lastClosed(passed []*limiter, now time.Time) (*limiter, time.Duration) {
	var last *limiter
	var longest time.Duration
	for _, l := range passed {
		if wait := l.closedFor(now); wait > longest {
			last, longest = l, wait
		}
	}
	return last, longest
}

// book takes a token of each limiter, or none if the longest wait is above maxWait.
func (m *Memory) book(passed []*limiter, now time.Time, maxWait time.Duration) Verdict {
	if !slices.ContainsFunc(passed, (*limiter).hasRate) {
		return Verdict{}
	}
	m.booking.Lock()
	defer m.booking.Unlock()
	var b booking
	var slowest *limiter
	var wait time.Duration
	for _, l := range passed {
		if d := b.take(l, now); d > wait {
			slowest, wait = l, d
		}
	}
	switch {
	case slowest == nil:
		return Verdict{}
	case wait > maxWait:
		b.cancel(now)
		return Verdict{Wait: wait, Refused: true, By: slowest.name("limit"), Scope: slowest.scope}
	default:
		return Verdict{Wait: wait, Booked: true, By: slowest.name("limit"), Scope: slowest.scope}
	}
}

// Pay implements Shared.
func (m *Memory) Pay(_ context.Context, now time.Time, a Account, full int) bool {
	return m.accountOf(now, a).budget.pay(full)
}

// Done implements Shared. A record's limit pauses that record alone; without a known
// record it pauses nobody. If a guess pauses a second limit, the account is paused as well:
// both responses are likely to be about it.
func (m *Memory) Done(_ context.Context, now time.Time, r Report) {
	l := m.accountOf(now, r.Account)
	l.streak.add(r)
	switch {
	case r.Served && r.Paid:
		l.budget.refund(r.Full)
	case r.Served, r.Refused:
		l.budget.earn(r.Full)
	}
	if r.Pause <= 0 {
		return
	}
	until := now.Add(r.Pause)
	if r.Limit == nil || r.Guessed && l.guess(r.Limit.Name, now, until) {
		l.pause(until)
	}
	if r.Limit == nil {
		return
	}
	if k, ok := keyOf(r.Account, r.Record, *r.Limit); ok {
		m.limiter(now, k, r.Limit).pause(until)
	}
}

// Streak implements Shared.
func (m *Memory) Streak(_ context.Context, now time.Time, a Account) (code string, calls int) {
	return m.accountOf(now, a).streak.now()
}
