package traffic

import (
	"container/list"
	"context"
	"sync"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// Bounds of what a Memory keeps.
const (
	maxAccounts = 1_000  // beyond which the idle ones are dropped, and all beyond ten times as many
	maxLimiters = 10_000 // of one account; see queue.evict
	maxLooks    = 16     // at one of them, to find one that can be dropped
)

// A Memory is a Shared for the calls of one process. Make one with NewMemory.
type Memory struct {
	mu     sync.RWMutex
	queues map[Account]*list.Element
	oldest *list.List // of *queue, the one that was made first first

	leases leases
}

// NewMemory returns an empty Memory.
func NewMemory() *Memory {
	return &Memory{queues: map[Account]*list.Element{}, oldest: list.New(), leases: leases{ends: map[Renewal]time.Time{}}}
}

// queue returns the queue of an account.
func (m *Memory) queue(now time.Time, a Account) *queue {
	m.mu.RLock()
	e, ok := m.queues[a]
	m.mu.RUnlock()
	if !ok {
		m.mu.Lock()
		defer m.mu.Unlock()
		if e, ok = m.queues[a]; !ok {
			m.evict(now)
			e = m.oldest.PushBack(newQueue(a))
			m.queues[a] = e
		}
	}
	q, _ := e.Value.(*queue)
	return q
}

// Admit implements Shared.
func (m *Memory) Admit(_ context.Context, now time.Time, d Demand) Place {
	return m.queue(now, d.Account).admit(now, d)
}

// Pay implements Shared.
func (m *Memory) Pay(_ context.Context, now time.Time, a Account, full int) bool {
	return m.queue(now, a).budget.pay(full)
}

// Streak implements Shared.
func (m *Memory) Streak(_ context.Context, now time.Time, a Account) (code string, calls int) {
	return m.queue(now, a).streak.now()
}

// evict drops accounts that nobody misses. The caller holds the lock.
func (m *Memory) evict(now time.Time) {
	for range min(maxLooks, m.oldest.Len()-maxAccounts+1) {
		e := m.oldest.Front()
		m.oldest.MoveToBack(e)
		if q, _ := e.Value.(*queue); q.isIdle(now) || m.oldest.Len() >= 10*maxAccounts {
			m.oldest.Remove(e)
			delete(m.queues, q.account)
		}
	}
}

// limiters appends to passed those that a request passes. A record's limit is passed only by
// requests that name their record; a limit that is off has a limiter only once its gate was
// closed.
func (q *queue) limiters(passed []*limiter, now time.Time, d Demand) []*limiter {
	passed = append(passed, q.own)
	for _, limit := range d.Limits {
		k, ok := keyOf(d.Record, limit)
		if !ok {
			continue
		}
		wanted := &limit
		if limit.Off {
			wanted = nil
		}
		if l := q.limiter(now, k, wanted); l != nil {
			passed = append(passed, l)
		}
	}
	return passed
}

// keyOf returns the key of a limit; false for a record's limit without a record.
func keyOf(record string, limit policy.Limit) (key, bool) {
	k := key{limit: limit.Name}
	if limit.Scope == apierrors.ScopeRecord {
		k.record = record
		return k, record != ""
	}
	return k, true
}

// limiter returns the limiter called k. If there is none, it is made for limit, or not at
// all if limit is nil.
func (q *queue) limiter(now time.Time, k key, limit *policy.Limit) *limiter {
	if e, ok := q.byKey[k]; ok {
		q.recent.MoveToFront(e)
		known, _ := e.Value.(*limiter)
		return known
	}
	if limit == nil {
		return nil
	}
	if q.recent.Len() >= maxLimiters {
		q.evict(now)
	}
	made := newLimiter(k, *limit)
	q.byKey[k] = q.recent.PushFront(made)
	return made
}

// evict drops one of the limiters that were not used for the longest time: the one that is
// as good as new first, as its gate opens and its bucket is full. So a gate that is closed
// outlives those of other records. The others that were looked at are not looked at again
// soon.
func (q *queue) evict(now time.Time) {
	var victim *list.Element
	var soonest time.Time
	for range min(maxLooks, q.recent.Len()) {
		e := q.recent.Back()
		q.recent.MoveToFront(e)
		l, _ := e.Value.(*limiter)
		if at := l.renewedAt(now); victim == nil || at.Before(soonest) {
			victim, soonest = e, at
		}
	}
	dropped, _ := q.recent.Remove(victim).(*limiter)
	delete(q.byKey, dropped.key)
}

// isIdle reports whether nothing is lost with the queue: nobody waits, each gate is open, and
// each bucket full.
func (q *queue) isIdle(now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting.Len() > 0 || q.own.renewedAt(now).After(now) {
		return false
	}
	for e := q.recent.Front(); e != nil; e = e.Next() {
		if l, _ := e.Value.(*limiter); l.renewedAt(now).After(now) {
			return false
		}
	}
	return true
}
