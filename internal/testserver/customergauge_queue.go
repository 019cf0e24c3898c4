package testserver

import (
	"net/http"
	"sync"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A gaugeQueue lets one upload after the other pass, in the order in which they
// came, as the vendor processes one at a time for an account. The zero value is
// an empty queue.
type gaugeQueue struct {
	once sync.Once
	turn chan struct{} // holds a value while an upload is processed

	mu       sync.Mutex // guards the fields below
	inFlight int
	peak     int
}

// PeakUploads returns the largest number of uploads that waited for their
// answer at one time, the one in process and those in the queue. The vendor
// recommends to send an upload only when the one before it is finished.
func (cg *CustomerGauge) PeakUploads() int {
	cg.queue.mu.Lock()
	defer cg.queue.mu.Unlock()
	return cg.queue.peak
}

// oneByOne wraps the endpoint of uploads. A request waits for its turn before
// anything else happens to it, so each takes the latency of the service, one
// after the other. A client that leaves the queue is not served.
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

// turns is made by the first upload, so that it belongs to the synctest bubble
// in which the fake is served.
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

// leave is called before the client can see its answer, so that its next
// upload does not count beside this one.
func (q *gaugeQueue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inFlight--
}
