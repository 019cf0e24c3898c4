package traffic

import (
	"context"
	"sync"
	"time"
)

// leases are the rights to renew that were given away, each until it ends.
type leases struct {
	mu   sync.Mutex
	ends map[Renewal]time.Time // by the renewal without its timeout
}

func (r Renewal) key() Renewal {
	r.Timeout = 0
	return r
}

// BeginRenewal implements Shared.
func (m *Memory) BeginRenewal(_ context.Context, now time.Time, r Renewal) (wait time.Duration) {
	m.leases.mu.Lock()
	defer m.leases.mu.Unlock()
	m.leases.forget(now)
	if ends, taken := m.leases.ends[r.key()]; taken {
		return ends.Sub(now)
	}
	m.leases.ends[r.key()] = now.Add(r.Timeout)
	return 0
}

// EndRenewal implements Shared.
func (m *Memory) EndRenewal(_ context.Context, now time.Time, r Renewal, holdOff time.Duration) {
	m.leases.mu.Lock()
	defer m.leases.mu.Unlock()
	m.leases.ends[r.key()] = now.Add(holdOff)
	m.leases.forget(now)
}

// forget drops what has ended. The caller holds the lock.
func (l *leases) forget(now time.Time) {
	for k, ends := range l.ends {
		if !now.Before(ends) {
			delete(l.ends, k)
		}
	}
}
