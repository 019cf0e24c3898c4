package testserver

import (
	"sync"
	"time"
)

// A windowLimit allows a number of calls in a fixed window of time. A window begins with
// the first call after the end of the previous one. The zero value has no limit.
type windowLimit struct {
	calls int // 0: no limit
	per   time.Duration

	mu    sync.Mutex // guards the fields below, and calls
	began time.Time
	used  int
}

// take counts a call and returns how many are left in the window. wait is 0 if the
// call is within the limit, and otherwise the rest of the window.
func (l *windowLimit) take(now time.Time) (left int, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls == 0 {
		return 0, 0
	}
	if now.Sub(l.began) >= l.per {
		l.began, l.used = now, 0
	}
	if l.used >= l.calls {
		return 0, l.per - now.Sub(l.began)
	}
	l.used++
	return l.calls - l.used, 0
}

// allow changes the number of calls.
func (l *windowLimit) allow(calls int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = calls
}

// size returns the number of calls.
func (l *windowLimit) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls
}
