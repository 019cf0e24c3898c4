package testserver

import (
	"sync"
	"time"
)

// A playableLimit allows a number of calls in a fixed window of time. A window
// begins with the first call after the end of the previous one. The zero value allows no call.
type playableLimit struct {
	calls int
	per   time.Duration

	mu    sync.Mutex
	began time.Time
	used  int
}

// allow sets the limit. It must be called before take.
func (l *playableLimit) allow(calls int, per time.Duration) {
	l.calls, l.per = calls, per
}

// take counts a call and returns how many are left in the window. wait is 0 if the
// call is within the limit, and otherwise the rest of the window.
func (l *playableLimit) take(now time.Time) (left int, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.began) >= l.per {
		l.began, l.used = now, 0
	}
	if l.used == l.calls {
		return 0, l.per - now.Sub(l.began)
	}
	l.used++
	return l.calls - l.used, 0
}

// Throttled returns how many requests were refused by a limit or a RateLimited fault.
func (p *Playable) Throttled() int { return int(p.throttles.Load()) }
