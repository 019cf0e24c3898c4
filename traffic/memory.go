package traffic

import (
	"container/list"
	"context"
	"sync"
	"time"

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
func (m *Memory) Pay(_ context.Context, now time.Time, a Account, p policy.Prices, price int) bool {
	return m.queue(now, a).budget.pay(p, price)
}

// Streak implements Shared.
func (m *Memory) Streak(_ context.Context, now time.Time, a Account) (code string, calls int) {
	return m.queue(now, a).streak.now()
}

// Outage implements Shared.
func (m *Memory) Outage(_ context.Context, now time.Time, a Account, endpoint string) Outage {
	return m.queue(now, a).outage(endpoint)
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
