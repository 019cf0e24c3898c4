package retrywisetest

import (
	"net/http"
	"sync"
	"testing"
)

// outOfAnswers is the body of the response to a surplus request.
const outOfAnswers = "retrywisetest: no answer left"

// New serves answers in memory until the test ends: the first answer to the
// first request, and so on. A surplus request fails the test and is answered
// with status 500. Answers that are unused when the test ends fail it, too.
// Clients reach the server by its Transport only. Inside VirtualTime, pass the t of
// its function.
func New(t testing.TB, answers ...Answer) *Server {
	t.Helper()
	q := &queue{answers: answers}
	q.surplus = func(r *http.Request) {
		t.Errorf("%s for %s %s; %d were scripted", outOfAnswers, r.Method, r.URL, len(answers))
	}
	t.Cleanup(func() { // runs after Handle's Close: cleanups run in reverse order
		switch n := q.left(); {
		case n > 0 && n == len(answers):
			t.Errorf("retrywisetest: no request arrived, and %d were scripted: does the client have the Transport of the server?", n)
		case n > 0:
			t.Errorf("retrywisetest: %d of %d scripted answers were not used", n, len(answers))
		}
	})
	return Handle(t, q)
}

// Script returns a handler that serves answers: the first answer to the first
// request, and so on. It answers a surplus request with status 500 and the text
// "retrywisetest: no answer left". It is safe for concurrent use.
func Script(answers ...Answer) http.Handler {
	return &queue{answers: answers}
}

// A queue serves each answer once, in order.
type queue struct {
	surplus func(*http.Request) // called for a request without an answer; may be nil

	mu      sync.Mutex
	answers []Answer
	next    int // index of the next answer
}

func (q *queue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if answer, ok := q.take(); ok {
		if q.isRefusalNext() {
			w.Header().Set("Connection", "close") // the next request has to dial
		}
		answer(w, r)
		return
	}
	if q.surplus != nil {
		q.surplus(r)
	}
	Text(http.StatusInternalServerError, outOfAnswers)(w, r)
}

func (q *queue) take() (Answer, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.next == len(q.answers) {
		return nil, false
	}
	q.next++
	return q.answers[q.next-1], true
}

func (q *queue) left() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.answers) - q.next
}

// isRefusalNext reports whether the next answer is Refused.
func (q *queue) isRefusalNext() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.next < len(q.answers) && q.answers[q.next].isRefused()
}

// refuses takes the next answer if it is Refused. It reports whether it was.
func (q *queue) refuses() bool {
	if !q.isRefusalNext() {
		return false
	}
	_, ok := q.take()
	return ok
}
