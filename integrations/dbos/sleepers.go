package retrywisedbos

import (
	"context"
	"sync"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// sleepers are the workflows of this process that sleep because of an outage of the vendor. Each of
// them keeps a slot of the queue, and the times of their probes are far from each other. So the first
// call that succeeds wakes them all.
type sleepers struct {
	mu        sync.Mutex
	wake      map[int]context.CancelFunc
	last      int // key of wake
	successes int
}

// count returns how many calls have succeeded.
func (s *sleepers) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.successes
}

// succeeded wakes all.
func (s *sleepers) succeeded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.successes++
	for _, wake := range s.wake {
		wake()
	}
}

// sleep sleeps for d, unless a call succeeds, or more calls than before have succeeded already. DBOS
// stores when the sleep ends at the latest.
func (s *sleepers) sleep(ctx dbos.Context, d time.Duration, before int) error {
	sleeper, wake := dbos.WithCancel(ctx)
	defer wake()
	key, isOver := s.add(wake, before)
	defer s.remove(key)
	if isOver {
		d = 0
	}
	_, err := dbos.Sleep(sleeper, d)
	if sleeper.Err() != nil && ctx.Err() == nil {
		return nil
	}
	return err
}

func (s *sleepers) add(wake context.CancelFunc, before int) (key int, isOver bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wake == nil {
		s.wake = map[int]context.CancelFunc{}
	}
	s.last++
	s.wake[s.last] = wake
	return s.last, s.successes != before
}

func (s *sleepers) remove(key int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.wake, key)
}
