package traffic

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/policy"
)

// Processes find out one after the other that the Store fails, and that it works again. Those who
// know leave the others their shares meanwhile.
func TestFleetComesBackTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate, burst = 200, 10
		store := newCountingStore()
		all := processes(t, store, 4)
		d := Demand{MaxWait: time.Hour, Limits: []policy.Limit{perSecond("calls", rate, burst)}}
		for range 2 { // the second time, each knows of all
			for _, f := range all {
				done(t, started(t, f, d), served)
			}
			time.Sleep(time.Second)
		}
		began := time.Now()
		store.isDown.Store(true)
		time.AfterFunc(5*time.Second, func() { store.isDown.Store(false) })
		var requests recorder
		var workers sync.WaitGroup
		for _, f := range all {
			for range 8 {
				workers.Go(func() { requests.request(t, f, d, began.Add(20*time.Second)) })
			}
			time.Sleep(240 * time.Millisecond)
		}
		workers.Wait()
		if most := requests.beyond(rate); most > burst {
			t.Errorf("%v requests beyond the rate; want at most the burst of %d", most, burst)
		}
		if n := within(requests.at, began, 10*time.Second, 20*time.Second); n < 9*rate {
			t.Errorf("%d requests in 10 s once all know; want at least nine tenths of %d", n, 10*rate)
		}
	})
}

// A recorder notes when requests start.
type recorder struct {
	mu sync.Mutex
	at []time.Time
}

// request makes one request after the other.
func (r *recorder) request(t *testing.T, f *Fleet, d Demand, end time.Time) {
	for time.Now().Before(end) {
		p := started(t, f, d)
		r.mu.Lock()
		r.at = append(r.at, time.Now())
		r.mu.Unlock()
		done(t, p, served)
	}
}

// beyond returns by how much an interval has more requests than a rate lets into it, at most.
func (r *recorder) beyond(perSecond float64) (most float64) {
	level, last := 0.0, time.Time{}
	for _, at := range r.at {
		level = max(level-perSecond*at.Sub(last).Seconds(), 0) + 1
		most, last = max(most, level), at
	}
	return most
}
