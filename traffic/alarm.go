package traffic

import (
	"runtime"
	"time"
)

// An alarm is the one timer of a queue.
type alarm struct {
	timer *time.Timer
	exact time.Time // when to wake up, if the timer comes earlier; zero: it does not
}

// Timers are up to a millisecond late, as the system counts these when nothing else is to do.
const (
	late     = time.Millisecond
	maxExact = 200 * time.Millisecond // the interval of requests up to which that matters
)

// set sets the alarm for a moment; zero: nobody needs it.
func (a *alarm) set(now, next time.Time, isExact bool, wake func()) {
	a.exact = time.Time{}
	if next.IsZero() {
		if a.timer != nil {
			a.timer.Stop()
		}
		return
	}
	if isExact {
		a.exact, next = next, next.Add(-late)
	}
	if a.timer == nil {
		a.timer = time.AfterFunc(next.Sub(now), wake)
		return
	}
	a.timer.Reset(next.Sub(now))
}

// sleepUntil waits for a moment that is about a millisecond away, and lets others run meanwhile.
// If the clock stands still, as that of a test may, it sleeps.
func sleepUntil(at time.Time) {
	for left := time.Until(at); left > 0; {
		runtime.Gosched()
		now := time.Until(at)
		if now == left {
			time.Sleep(left)
		}
		left = now
	}
}
