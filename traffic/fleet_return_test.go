package traffic

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/policy"
)

// Processes find out one after the other that the Store fails, and that it works again. Those who
// know leave the others their shares meanwhile. If the Store has forgotten everything and fails
// again, the shares stay as they are; units that it granted in advance may be used beside them.
func TestFleetComesBackTogether(t *testing.T) {
	const rate, burst = 200, 10
	for name, tt := range map[string]struct {
		fails time.Duration // again, so long after it works
		most  int           // requests beyond the rate
	}{
		"at once":            {0, burst},
		"at the second time": {300 * time.Millisecond, 2*burst + rate/10},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
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
				if tt.fails > 0 {
					time.AfterFunc(5*time.Second, store.forget)
					time.AfterFunc(5*time.Second+tt.fails, func() { store.isDown.Store(true) })
					time.AfterFunc(8*time.Second, func() { store.isDown.Store(false) })
				}
				requests := requestsOf(t, all, d, began.Add(22*time.Second))
				if got := requests.beyond(rate); got > float64(tt.most) {
					t.Errorf("%v requests beyond the rate; want at most %d", got, tt.most)
				}
				if n := within(requests.at, began, 12*time.Second, 22*time.Second); n < 9*rate {
					t.Errorf("%d requests in 10 s once all know; want at least nine tenths of %d", n, 10*rate)
				}
			})
		})
	}
}

// requestsOf has processes make requests. Each begins a quarter of a second after the one before,
// and so do its exchanges.
func requestsOf(t *testing.T, all []*Fleet, d Demand, end time.Time) *recorder {
	var r recorder
	var workers sync.WaitGroup
	for _, f := range all {
		for range 8 {
			workers.Go(func() { r.request(t, f, d, end) })
		}
		time.Sleep(240 * time.Millisecond)
	}
	workers.Wait()
	return &r
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
