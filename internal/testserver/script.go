package testserver

import (
	"net/http"
	"sync"
	"testing"
)

// outOfAnswers is the text of the answer to a request that nobody expected.
const outOfAnswers = "testserver: no answer left"

// New serves answers in memory, the first one to the first request, until the
// test ends. A request after the last answer fails the test and gets a 500;
// so do answers that nobody asked for by the end of the test. It may be called
// inside a synctest bubble, with the bubble's t.
func New(t testing.TB, answers ...Answer) *Server {
	t.Helper()
	q := &queue{answers: answers}
	q.surplus = func(r *http.Request) {
		t.Errorf("%s for %s %s; %d were scripted", outOfAnswers, r.Method, r.URL, len(answers))
	}
	t.Cleanup(func() { // runs after Handle's Close: the last one registered runs first
		if n := q.left(); n > 0 {
			t.Errorf("testserver: %d of %d scripted answers were never asked for", n, len(answers))
		}
	})
	return Handle(t, q)
}

// Script returns a handler for Start that gives answers, the first one to the
// first request. A request after the last answer gets a 500 with the text
// "testserver: no answer left".
func Script(answers ...Answer) http.Handler {
	return &queue{answers: answers}
}

// A queue gives each answer once, in order.
type queue struct {
	surplus func(*http.Request) // told of a request without an answer; may be nil

	mu      sync.Mutex
	answers []Answer
	next    int // index of the next answer
}

func (q *queue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if answer, ok := q.take(); ok {
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
