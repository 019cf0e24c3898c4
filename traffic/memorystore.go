package traffic

import (
	"context"
	"sync"
	"time"
)

// A MemoryStore is a Store for processes that are simulated in one, such as in a test. Clients of
// one process share a Memory instead. Make one with NewMemoryStore.
type MemoryStore struct {
	mu     sync.Mutex
	boards map[string]*board
}

// NewMemoryStore returns an empty MemoryStore.
func NewMemoryStore() *MemoryStore { return &MemoryStore{boards: map[string]*board{}} }

// Exchange implements Store. It does not wait.
func (s *MemoryStore) Exchange(_ context.Context, x Exchange) (Result, error) {
	return s.ExchangeAt(time.Now(), x), nil
}

// ExchangeAt is Exchange by another clock, such as that of a Store which is to do the same.
func (s *MemoryStore) ExchangeAt(now time.Time, x Exchange) Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.boards[x.Account]
	if !ok {
		b = &board{}
		s.boards[x.Account] = b
	}
	return b.exchange(now.UnixMicro(), x)
}
