package wire

import (
	"context"
	"math"
	"sync/atomic"
	"time"
)

// A timeout is the cause with which an attempt ended for want of time. errors.Is takes it
// for context.DeadlineExceeded.
type timeout string

func (t timeout) Error() string        { return string(t) }
func (t timeout) Timeout() bool        { return true }
func (t timeout) Is(target error) bool { return target == context.DeadlineExceeded }

const (
	errNoResponse = timeout("no response within the attempt's timeout")
	errStalled    = timeout("the response body stalled")
	errSlowBody   = timeout("the beginning of the response body came too slowly")
)

// A clock ends an attempt that makes no progress. It has one timer for two limits: that of
// the attempt, which runs until the response is read or returned, and that of a Read of the
// response body that stalls.
type clock struct {
	cancel  context.CancelCauseFunc
	start   time.Time // the moments below are nanoseconds since then; 0: none
	timer   *time.Timer
	rings   atomic.Int64 // when the timer rings
	timeout time.Duration
	stall   atomic.Int64 // how long a Read may take, in nanoseconds; 0: for ever
	stopped atomic.Bool  // for good
	ends    atomic.Int64 // when the attempt ends
	stalls  atomic.Int64 // when the Read that is under way has stalled
}

// run limits the attempt to the timeout, and each Read of its response to stall.
func (c *clock) run(timeout, stall time.Duration, cancel context.CancelCauseFunc) {
	c.cancel, c.start, c.timeout = cancel, time.Now(), timeout
	c.stall.Store(int64(stall))
	c.timer = time.AfterFunc(math.MaxInt64, c.ring)
	c.limit(&c.ends, timeout)
}

func (c *clock) now() int64 { return int64(time.Since(c.start)) + 1 } // never 0

// after returns the moment in d from now, or the last one that there is.
func (c *clock) after(d time.Duration) int64 {
	now := c.now()
	return now + min(int64(d), math.MaxInt64-now)
}

// limit sets one of the limits. A timer that rings earlier is set again by then.
func (c *clock) limit(moment *atomic.Int64, d time.Duration) {
	if c.stopped.Load() {
		return
	}
	at := c.after(d)
	moment.Store(at) // before rings is looked at: ring does it the other way round
	if rings := c.rings.Load(); rings == 0 || rings > at {
		c.rings.Store(at)
		c.timer.Reset(d)
	}
}

// ring is called by the timer. Limits may have been put off, or taken away.
func (c *clock) ring() {
	c.rings.Store(0)
	now, ends, stalls := c.now(), c.ends.Load(), c.stalls.Load()
	switch {
	case ends != 0 && ends <= now:
		c.cancel(errNoResponse)
	case stalls != 0 && stalls <= now:
		c.cancel(errStalled)
	default:
		c.setAgain(now, ends, stalls)
	}
}

// setAgain sets the timer for the earlier of two limits, if there is one.
func (c *clock) setAgain(now, ends, stalls int64) {
	next := ends
	if next == 0 || stalls != 0 && stalls < next {
		next = stalls
	}
	if next != 0 {
		c.rings.Store(next)
		c.timer.Reset(time.Duration(next - now))
	}
}

// progress puts the end of the attempt off, as the transport read from the request's body:
// an upload may take longer than the timeout.
func (c *clock) progress() {
	if before := c.ends.Load(); before != 0 {
		c.ends.CompareAndSwap(before, c.after(c.timeout))
	}
}

// startRead limits a Read of the response body, until endRead.
func (c *clock) startRead() {
	if stall := c.stall.Load(); stall > 0 {
		c.limit(&c.stalls, time.Duration(stall))
	}
}

func (c *clock) endRead() { c.stalls.Store(0) }

// stopTimeout takes the attempt's limit away.
func (c *clock) stopTimeout() { c.ends.Store(0) }

// stop takes both limits away for good.
func (c *clock) stop() {
	c.stopped.Store(true)
	c.ends.Store(0)
	c.stalls.Store(0)
	c.timer.Stop()
}
