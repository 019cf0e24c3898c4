package testserver

import (
	"sync"
	"time"
)

// A playableLimit allows a number of calls in a fixed window of time, which
// begins with the first of them. The zero value allows none.
type playableLimit struct {
	calls int
	per   time.Duration

	mu    sync.Mutex
	began time.Time
	used  int
}

// allow sets the limit, before its first use.
func (l *playableLimit) allow(calls int, per time.Duration) {
	l.calls, l.per = calls, per
}

// take counts a call. It returns how many are left after it, and a rest of 0
// if the call may pass, or else how long the window still lasts.
func (l *playableLimit) take(now time.Time) (left int, rest time.Duration) {
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

// Throttled returns how many calls met a limit or a fault that plays one.
func (p *Playable) Throttled() int { return int(p.throttles.Load()) }
