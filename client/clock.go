package client

import (
	"context"
	"math"
	"sync/atomic"
	"time"
)

// An attemptClock ends an attempt that gets no answer in time. An upload may take longer:
// time counts from when the transport last asked for more of the request's body.
type attemptClock struct {
	timeout time.Duration
	timer   *time.Timer
	latest  atomic.Int64 // when the request last went on, since start
	start   time.Time
	stopped atomic.Bool
}

// run ends the attempt by cancel when the timeout is over.
func (c *attemptClock) run(timeout time.Duration, cancel context.CancelCauseFunc) {
	c.timeout, c.start = timeout, time.Now()
	c.timer = time.AfterFunc(math.MaxInt64, func() {
		if rest := c.timeout - time.Since(c.start) + time.Duration(c.latest.Load()); rest > 0 {
			c.again(rest)
			return
		}
		cancel(errAttemptTimeout)
	})
	c.timer.Reset(timeout)
}

// again sets the timer once more, but for a clock that was stopped meanwhile.
func (c *attemptClock) again(rest time.Duration) {
	c.timer.Reset(rest)
	if c.stopped.Load() {
		c.timer.Stop()
	}
}

// goesOn notes that the request goes on.
func (c *attemptClock) goesOn() { c.latest.Store(int64(time.Since(c.start))) }

func (c *attemptClock) stop() {
	c.stopped.Store(true)
	c.timer.Stop()
}
