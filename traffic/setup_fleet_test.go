package traffic

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A countingStore counts exchanges, and fails while it is down.
type countingStore struct {
	*MemoryStore
	exchanges atomic.Int64
	isDown    atomic.Bool

	mu   sync.Mutex
	seen []Exchange
}

var errDown = errors.New("the store is down")

func (s *countingStore) Exchange(ctx context.Context, x Exchange) (Result, error) {
	s.exchanges.Add(1)
	s.mu.Lock()
	s.seen = append(s.seen, x)
	s.mu.Unlock()
	if s.isDown.Load() {
		return Result{}, errDown
	}
	return s.MemoryStore.Exchange(ctx, x)
}

// forget makes the store as good as new.
func (s *countingStore) forget() {
	s.MemoryStore.mu.Lock()
	defer s.MemoryStore.mu.Unlock()
	clear(s.boards)
}

func newCountingStore() *countingStore { return &countingStore{MemoryStore: NewMemoryStore()} }

// processes returns so many Fleets with one Store, and closes them in the end.
func processes(t *testing.T, store Store, n int) []*Fleet {
	t.Helper()
	all := make([]*Fleet, n)
	for i := range all {
		all[i] = NewFleet(store, FleetOptions{})
		t.Cleanup(func() { _ = all[i].Close() })
	}
	return all
}

// started waits for a request to start that waits for an exchange, at most.
func started(t *testing.T, s Shared, d Demand) Place {
	t.Helper()
	p := s.Admit(t.Context(), time.Now(), d)
	if err := p.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// done ends a request.
func done(t *testing.T, p Place, r Report) {
	t.Helper()
	r.Answered = time.Now()
	_ = p.Done(t.Context(), r.Answered, r)
}
