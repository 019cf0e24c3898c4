package main

import (
	"context"
	"errors"
	"sync"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A loop makes calls in a closed loop, as a job does, but about records without end: it runs
// until its context ends. A call that failed with a time at which it is to run again goes
// before new ones at that time.
type loop struct {
	send  func(ctx context.Context, nth int) error
	start time.Time

	mu    sync.Mutex // guards the fields below
	calls []call
	due   []int
	next  int
}

// A call is how one call went: when it ran, as times since the start of the loop, and how it
// ended.
type call struct {
	nth int
	ran span
	end end
}

// meets says whether a call was under way in an outage. One that began before and succeeded in
// it does not count: its response was on its way.
func (c call) meets(down span) bool {
	if c.ran.from < down.from {
		return c.ran.to >= down.to || down.has(c.ran.to) && c.end != succeeded
	}
	return down.has(c.ran.from)
}

// An end is how a call ended.
type end uint8

const (
	succeeded end = iota
	failed        // for good
	deferred      // it failed with a time at which it is to run again
	cutOff        // the loop ended before it
)

// endOf tells how a call ended, and when a deferred one is to run again.
func endOf(ctx context.Context, err error) (end, time.Time) {
	if ctx.Err() != nil {
		return cutOff, time.Time{}
	}
	if e, ok := errors.AsType[*apierrors.Error](err); ok && !e.RetryAt.IsZero() {
		return deferred, e.RetryAt
	}
	if err != nil {
		return failed, time.Time{}
	}
	return succeeded, time.Time{}
}

// countEnds counts how calls ended, without those that had not at the end of the loop.
func countEnds(calls []call) (ok, lost, later int) {
	for _, c := range calls {
		switch c.end {
		case succeeded:
			ok++
		case failed:
			lost++
		case deferred:
			later++
		case cutOff:
		}
	}
	return ok, lost, later
}

// run runs the loop, and returns the calls.
func (l *loop) run(ctx context.Context, workers int) []call {
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for ctx.Err() == nil {
				l.call(ctx)
			}
		})
	}
	all.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls
}

func (l *loop) call(ctx context.Context) {
	nth := l.take()
	from := time.Since(l.start)
	err := l.send(ctx, nth)
	ended, again := endOf(ctx, err)
	if ended == deferred {
		time.AfterFunc(time.Until(again), func() { l.putBack(nth) })
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, call{nth, span{from, time.Since(l.start)}, ended})
}

// take returns the number of the next call: one that is due again, or else a new one.
func (l *loop) take() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.due) > 0 {
		nth := l.due[0]
		l.due = l.due[1:]
		return nth
	}
	l.next++
	return l.next - 1
}

func (l *loop) putBack(nth int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.due = append(l.due, nth)
}
