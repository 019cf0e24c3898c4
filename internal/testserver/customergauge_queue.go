package testserver

import (
	"net/http"
	"sync"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A gaugeQueue passes one upload at a time, in order of arrival, because the vendor
// processes one at a time for an account. The zero value is an empty queue.
type gaugeQueue struct {
	once sync.Once
	turn chan struct{} // holds a value while an upload is processed

	mu       sync.Mutex // guards the fields below
	inFlight int
	peak     int
}

// PeakUploads returns the largest number of concurrent uploads. The vendor recommends
// to send an upload only after the response to the previous one.
func (cg *CustomerGauge) PeakUploads() int {
	cg.queue.mu.Lock()
	defer cg.queue.mu.Unlock()
	return cg.queue.peak
}

// oneByOne wraps the endpoint of uploads. A request first waits for its turn, so the
// latencies of several uploads add up. A request whose client disconnects in the
// queue is not executed.
func (q *gaugeQueue) oneByOne(upload http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q.enter()
		counting := countingWriter{w, func(int) { q.leave() }}
		select {
		case q.turns() <- struct{}{}:
			upload.ServeHTTP(counting, r)
			<-q.turns()
		case <-r.Context().Done():
			retrywisetest.Reset()(counting, r)
		}
	})
}

// turns returns the channel. The first upload creates it, so that it belongs to the
// synctest bubble in which the fake is served.
func (q *gaugeQueue) turns() chan struct{} {
	q.once.Do(func() { q.turn = make(chan struct{}, 1) })
	return q.turn
}

func (q *gaugeQueue) enter() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inFlight++
	q.peak = max(q.peak, q.inFlight)
}

// leave is called before the client can see the response, so that this upload and the
// next of the same client are not counted as concurrent.
func (q *gaugeQueue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inFlight--
}
