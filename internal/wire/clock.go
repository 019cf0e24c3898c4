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
	errStalled    = timeout("the response body stalled for 30 s")
	errSlowBody   = timeout("the beginning of the response body came too slowly")
)

// stallTimeout ends a response body while a Read is blocked for so long.
const stallTimeout = 30 * time.Second

// A clock ends an attempt that makes no progress. It has one timer for two limits: the
// timeout until the response, and then the stall of its body.
type clock struct {
	cancel  context.CancelCauseFunc
	start   time.Time
	timer   *time.Timer
	timeout time.Duration // from when the transport last read from the request's body
	ends    atomic.Int64  // when the attempt ends, in nanoseconds since start; 0: no limit now
	isBody  atomic.Bool   // the limit is that of a stall
}

// run limits the attempt to the timeout.
func (c *clock) run(timeout time.Duration, cancel context.CancelCauseFunc) {
	c.cancel, c.start, c.timeout = cancel, time.Now(), timeout
	c.timer = time.AfterFunc(math.MaxInt64, c.ring)
	c.limit(timeout)
}

// watchRead limits one Read of the response body; stop ends that.
func (c *clock) watchRead() {
	c.isBody.Store(true)
	c.limit(stallTimeout)
}

func (c *clock) limit(d time.Duration) {
	c.ends.Store(int64(time.Since(c.start) + d))
	c.timer.Reset(d)
}

// ring is called by the timer. It waits on if the end was put off.
func (c *clock) ring() {
	ends := time.Duration(c.ends.Load())
	rest := ends - time.Since(c.start)
	switch {
	case ends == 0:
	case rest > 0:
		c.timer.Reset(rest)
	case c.isBody.Load():
		c.cancel(errStalled)
	default:
		c.cancel(errNoResponse)
	}
}

// progress puts the end off, as the transport read from the request's body: an upload may
// take longer than the timeout.
func (c *clock) progress() {
	before := c.ends.Load()
	if before != 0 && !c.isBody.Load() {
		c.ends.CompareAndSwap(before, int64(time.Since(c.start)+c.timeout))
	}
}

// stop takes the limit away.
func (c *clock) stop() {
	c.ends.Store(0)
	c.timer.Stop()
}
