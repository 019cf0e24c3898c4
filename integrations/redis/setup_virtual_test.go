//go:build redis

package retrywiseredis_test

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/retrywise/retrywise/traffic"
)

// A virtualStore is the Store of a process whose time is virtual. Time stands still during an
// exchange, however slow the machine is; one that a frozen server does not answer takes as long as a
// Fleet waits for it.
type virtualStore struct {
	traffic.Store

	isFrozen *atomic.Bool // the server is
	isKilled atomic.Bool  // the process is
}

// virtualStore returns a Store on the server that decides by the virtual time of the test.
func (s *server) virtualStore(t *testing.T) *virtualStore {
	t.Helper()
	store := s.store(t)
	store.SetNow(time.Now)
	return &virtualStore{Store: store, isFrozen: &s.isFrozen}
}

func (s *virtualStore) Exchange(ctx context.Context, x traffic.Exchange) (traffic.Result, error) {
	if s.isKilled.Load() {
		return traffic.Result{}, errKilled
	}
	timeout := patient
	if s.isFrozen.Load() {
		timeout = 100 * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	r, err := s.Store.Exchange(ctx, x)
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		time.Sleep(time.Second)
	}
	return r, err
}

// newOutside returns what calls a function outside of a bubble, for whose goroutines time stands
// still meanwhile.
func newOutside(t *testing.T) func(func()) {
	todo, done := make(chan func()), make(chan struct{})
	go func() {
		defer close(done) // also if a function ends the test
		for f := range todo {
			f()
			done <- struct{}{}
		}
	}()
	t.Cleanup(func() {
		close(todo)
		for range done { // until the goroutine has ended
		}
	})
	var mu sync.Mutex // one caller at a time, to which done belongs
	return func(f func()) {
		mu.Lock()
		defer mu.Unlock()
		select {
		case todo <- f:
			<-done
		case <-done:
		}
	}
}
