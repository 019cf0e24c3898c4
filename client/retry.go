package client

import (
	"context"
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	apierrors "github.com/retrywise/retrywise/errors"
)

// go-retryablehttp v0.7.8, as used here:
//   - its Backoff callback sees neither context nor error, so each call has a client of
//     its own, whose callbacks share that call's state; RetryMax is out of the way;
//   - it drains an answer before Backoff, so what is in the body is read in CheckRetry;
//   - it calls CloseIdleConnections on every failed call, which would empty the pool
//     for everybody: the call is its own transport, and has no such method;
//   - its http.Client would follow redirects anywhere: it sees those that are followed;
//   - it copies or buffers request bodies: it never sees one, attempts attach their own;
//   - when the context ends during a wait, it returns the bare context error and skips
//     ErrorHandler: the call still has the last failure, and joins the two;
//   - it panics for a Logger of the wrong type: the Logger is always nil.

// engine is what carries one call: a client of go-retryablehttp over an http.Client.
type engine struct {
	rc   retryablehttp.Client
	http http.Client
}

// run sends the call until it is decided, and tells how it ended.
func (x *call) run() (*http.Response, error) {
	x.engine.http = http.Client{Transport: x}
	x.engine.rc = retryablehttp.Client{
		HTTPClient: &x.engine.http, RetryMax: math.MaxInt,
		CheckRetry: x.check, Backoff: x.backoff, PrepareRetry: x.prepare, ErrorHandler: x.giveUp,
	}
	resp, err := x.engine.rc.Do(&retryablehttp.Request{Request: x.req})
	x.payload.close()
	if err != nil && x.err == nil { // the context ended in a back-off
		x.err = x.canceled(x.last)
	}
	x.ended(x.err)
	if err != nil {
		x.stopListening()
		return nil, x.err
	}
	if x.attempt.shown != nil {
		resp = x.attempt.shown
	}
	if x.dropIn {
		x.remember(resp)
	}
	x.attempt.body.released = x.stopListening
	return resp, nil
}

// check judges an attempt. It is go-retryablehttp's CheckRetry: true sends again after
// backoff, an error ends the call.
func (x *call) check(_ context.Context, resp *http.Response, err error) (bool, error) {
	if r, ok := errors.AsType[*refusal](err); ok {
		x.err = x.heldBack(r)
		return false, x.err
	}
	o := x.outcome(resp, err)
	if o == nil {
		x.succeeded(resp)
		return false, nil
	}
	if x.ctx.Err() != nil {
		x.err = x.interrupted(o)
		o.drop()
		return false, x.err
	}
	x.decide(o)
	x.last = o
	x.record(o)
	return x.act(o)
}

// act does what was decided.
func (x *call) act(o *outcome) (bool, error) {
	d := o.decision
	if d.PauseFor > 0 && !x.strange {
		x.closeGate(d)
	}
	switch {
	case d.Retry:
		x.count(d.Action)
		if x.err = x.prepared(d.Action); x.err == nil {
			o.drop()
			return true, nil
		}
	case d.Action == apierrors.Accept:
		x.accepted = true
	case d.Action == apierrors.Refresh: // this call cannot be repeated, but the next ones need the credential
		x.c.renewals.start(x.ctx, x.c.auth, x.sent)
		fallthrough
	default:
		x.err = x.failed(o)
	}
	if x.accepted || x.dropIn && o.answer != nil && x.ctx.Err() == nil {
		return false, nil // the answer stands
	}
	o.drop()
	return false, x.err
}

// count counts what the attempt costs: to be throttled or refused costs no attempt.
func (x *call) count(action apierrors.Action) {
	switch action {
	case apierrors.Throttle:
		x.throttled++
	case apierrors.Refresh:
	default:
		x.counted++
	}
}

// backoff is the wait that was decided.
func (x *call) backoff(time.Duration, time.Duration, int, *http.Response) time.Duration {
	d := x.last.decision
	if d.VendorWait {
		x.impose(d.Delay)
		x.resumes = time.Now().Add(d.Delay)
		return d.Delay
	}
	x.waited += d.Delay
	x.sinceLast += d.Delay
	return d.Delay
}

// prepared does what comes before the next attempt: it renews the credential, or has
// the request made smaller.
func (x *call) prepared(action apierrors.Action) error {
	switch action {
	case apierrors.Refresh:
		return x.renew()
	case apierrors.Shrink:
		return x.shrink()
	default:
		return nil
	}
}

// prepare puts the request in place that is sent next, which may be another one.
func (x *call) prepare(next *http.Request) error {
	*next = *x.req
	return nil
}

func (x *call) renew() error {
	x.refreshed = true
	began := time.Now()
	err := x.c.renewals.renew(x.ctx, x.c.auth, x.sent)
	x.emit(Event{Kind: EventRenewal, Attempt: len(x.attempts), Class: apierrors.ClassOf(err), Took: time.Since(began)})
	switch {
	case err == nil:
		return nil
	case x.ctx.Err() != nil:
		return x.canceled(x.last)
	default:
		return x.notRenewed(err)
	}
}

// shrink puts the smaller request that the caller's hook gives in place of the one that
// was too large. It is another request, so the idempotency key is not its own.
func (x *call) shrink() error {
	smaller, err := x.options.Shrink(x.original)
	if err == nil && smaller != nil {
		x.payload.close()
		x.options.IdempotencyKey = ""
		err = x.take(smaller)
	}
	if err != nil || smaller == nil {
		return x.notShrunk(err)
	}
	return nil
}

// giveUp has nothing left to do: the last answer is closed, and the error is ready.
func (x *call) giveUp(*http.Response, error, int) (*http.Response, error) { return nil, x.err }
