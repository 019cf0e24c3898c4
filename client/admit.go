package client

import (
	"context"
	"slices"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// admit waits until every gate is open and every limit has given a token. A wait that
// does not fit into the call is a *refusal. What is not the vendor's meets none of them.
func (x *call) admit(ctx context.Context) error {
	if x.strange {
		return nil
	}
	began := time.Now()
	held := ""
	for {
		met := x.lanesOf()
		if l, wait := longestClosed(met, time.Now()); wait > 0 {
			held = l.name("gate")
			if err := x.pause(ctx, wait, held, l.scope); err != nil {
				return err
			}
			continue
		}
		name, err := x.takeTokens(ctx, met)
		if err != nil {
			return err
		}
		if name == "" {
			break
		}
		held = name
		if _, wait := longestClosed(x.lanesOf(), time.Now()); wait <= 0 {
			break
		}
		// A gate closed while we waited for a token: begin again, so that the
		// reopening is paced.
	}
	if held != "" {
		x.emit(Event{Kind: EventWait, Attempt: len(x.attempts) + 1, Rule: held, Wait: time.Since(began)})
	}
	return nil
}

// longestClosed returns the lane whose gate stays closed for the longest time.
func longestClosed(met []*lane, now time.Time) (*lane, time.Duration) {
	var last *lane
	var longest time.Duration
	for _, l := range met {
		if wait := l.closedFor(now); wait > longest {
			last, longest = l, wait
		}
	}
	return last, longest
}

// takeTokens takes one token from each pace and waits until all are due. It returns
// the name of the limit that takes the longest; empty if there was no wait.
func (x *call) takeTokens(ctx context.Context, met []*lane) (string, error) {
	if !slices.ContainsFunc(met, func(l *lane) bool { return l.pace != nil }) {
		return "", nil
	}
	left, stop := x.c.policy.WaitLeft(x.state())
	slowest, wait := x.c.lanes.reserve(met, func(wait time.Duration) bool { return wait <= left })
	switch {
	case slowest == nil:
		return "", nil
	case wait > left:
		return "", &refusal{by: slowest.name("limit"), wait: wait, stop: stop, scope: slowest.scope}
	default:
		return slowest.name("limit"), x.sleep(ctx, wait)
	}
}

// pause waits for a gate, if the wait fits into the call.
func (x *call) pause(ctx context.Context, wait time.Duration, by string, scope apierrors.Scope) error {
	if left, stop := x.c.policy.WaitLeft(x.state()); wait > left {
		return &refusal{by: by, wait: wait, stop: stop, scope: scope}
	}
	return x.sleep(ctx, wait)
}

// sleep waits, and counts it as imposed.
func (x *call) sleep(ctx context.Context, wait time.Duration) error {
	began := time.Now()
	defer func() { x.impose(time.Since(began)) }()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
