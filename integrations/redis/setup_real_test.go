//go:build redis

package retrywiseredis_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	retrywiseredis "github.com/retrywise/retrywise/integrations/redis"
	"github.com/retrywise/retrywise/traffic"
)

// testInRealTime checks that a job goes on without its server, and that it comes back to it.
func testInRealTime(t *testing.T, options func() *redis.UniversalOptions, fails func()) {
	t.Helper()
	j, stores := newJob(), make([]*timedStore, jobProcesses)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i := range stores {
		stores[i] = newTimedStore(t, options())
		j.begin(ctx, t, stores[i])
	}
	j.awaitMore(t, 300)
	began := time.Now()
	fails()
	j.await(t, "told that the server fails", func() bool { return j.wasTold(1) })
	j.awaitMore(t, 100)
	j.await(t, "told that it works", func() bool { return j.wasTold(2) })
	t.Logf("all is as before after %v", time.Since(began))
	j.awaitMore(t, 600)
	cancel()
	j.end(t)

	most := float64(trouble{isAway: true}.beyond()) + realTime(jobProcesses*jobWorkers, stores, 0)
	if got := j.beyond(); got > most {
		t.Errorf("%.1f requests beyond the rate; want at most %.1f", got, most)
	}
	t.Logf("%.1f requests beyond the rate, of %.1f", j.beyond(), most)
	for i, told := range j.told { // more often only if the machine stops for a second
		if told[0] == nil || told[len(told)-1] != nil {
			t.Errorf("process %d was told %v; want that the server fails, and in the end that it works", i, told)
		}
	}
}

// awaitMore waits for so many requests more.
func (j *job) awaitMore(t *testing.T, n int) {
	t.Helper()
	j.mu.Lock()
	n += len(j.admitted)
	j.mu.Unlock()
	j.await(t, "more requests", func() bool { return len(j.admitted) >= n })
}

// wasTold reports whether each process was told as often about the store.
func (j *job) wasTold(n int) bool {
	for _, told := range j.told {
		if len(told) < n {
			return false
		}
	}
	return true
}

// realTime returns how many more requests an interval may have beyond the rate in real time, where
// each worker is noted some time after it is admitted, and units are used later than the server
// granted them, also because a process's clock lags behind.
func realTime(workers int, stores []*timedStore, lag time.Duration) float64 {
	var late time.Duration
	for _, s := range stores {
		late = max(late, s.late)
	}
	return float64(workers) + jobRate*(late+lag).Seconds()
}

// A timedStore notes how long after the begin of an exchange what that granted was known, at most:
// it was when the next one began.
type timedStore struct {
	traffic.Store

	mu    sync.Mutex
	began time.Time // the latest exchange, if it granted something
	late  time.Duration
}

// newTimedStore returns a Store on a server with the times of a user's.
func newTimedStore(t *testing.T, o *redis.UniversalOptions) *timedStore {
	t.Helper()
	store, err := retrywiseredis.New(t.Context(), retrywiseredis.GoRedis(open(t, o)), retrywiseredis.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &timedStore{Store: store}
}

func (s *timedStore) Exchange(ctx context.Context, x traffic.Exchange) (traffic.Result, error) {
	now := time.Now()
	s.mu.Lock()
	if !s.began.IsZero() {
		s.late = max(s.late, now.Sub(s.began))
	}
	s.began = time.Time{}
	s.mu.Unlock()
	r, err := s.Store.Exchange(ctx, x)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.began = now
	}
	return r, err
}
