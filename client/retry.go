package client

import (
	"bytes"
	"context"
	"io"
	"math"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// go-retryablehttp v0.7.8, as used here:
//   - its Backoff callback sees neither context nor error, so each call has a client of
//     its own, whose callbacks share that call's state; RetryMax is out of the way;
//   - it drains an answer before Backoff, so what is in the body is read in CheckRetry;
//   - it calls CloseIdleConnections on every failed call, which would empty the pool
//     for everybody: the call is its own transport, and has no such method;
//   - its http.Client follows redirects, which is the caller's business: they are off;
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
	x.engine.http = http.Client{Transport: x, CheckRedirect: keepRedirects}
	x.engine.rc = retryablehttp.Client{
		HTTPClient: &x.engine.http, RetryMax: math.MaxInt,
		CheckRetry: x.check, Backoff: x.backoff, PrepareRetry: x.prepare, ErrorHandler: x.giveUp,
	}
	resp, err := x.engine.rc.Do(&retryablehttp.Request{Request: x.req})
	x.payload.close()
	switch {
	case err == nil:
		x.ended(nil)
		return resp, nil
	case x.err == nil: // the context ended in a back-off
		x.err = x.canceled(x.last)
	}
	x.ended(x.err)
	return nil, x.err
}

func keepRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// check judges an attempt. It is go-retryablehttp's CheckRetry: true sends again after
// backoff, an error ends the call.
func (x *call) check(_ context.Context, resp *http.Response, err error) (bool, error) {
	if x.refused != nil {
		x.err = x.heldBack(*x.refused)
		return false, x.err
	}
	o := x.outcome(resp, err)
	if o == nil {
		x.succeeded(resp)
		return false, nil
	}
	if x.ctx.Err() != nil {
		x.err = x.interrupted(o)
		return false, x.err
	}
	o.decision = x.c.policy.Decide(o.failure, x.state())
	x.last = o
	x.record(o)
	return x.act(o)
}

// act does what was decided.
func (x *call) act(o *outcome) (bool, error) {
	d := o.decision
	if d.Pause > 0 {
		x.closeGate(d)
	}
	switch {
	case d.Again:
		x.throttled += oneIf(d.Action == apierrors.Throttle)
		return true, nil
	case d.Action == apierrors.Accept:
		x.accepted = true
		return false, nil
	default:
		x.err = x.failed(o)
		return false, x.err
	}
}

// backoff is the wait that was decided.
func (x *call) backoff(time.Duration, time.Duration, int, *http.Response) time.Duration {
	d := x.last.decision.Delay
	if x.last.failure.Wait > 0 || x.last.decision.Action == apierrors.Throttle {
		x.impose(d)
		return d
	}
	x.waited += d
	x.sinceLast += d
	return d
}

// prepare renews the credential before the next attempt, if that was decided.
func (x *call) prepare(*http.Request) error {
	if x.last.decision.Action != apierrors.Refresh {
		return nil
	}
	x.refreshed = true
	began := time.Now()
	err := x.c.renewals.renew(x.ctx, x.c.auth, x.sent)
	x.emit(Event{Kind: EventRenewal, Attempt: len(x.attempts), Class: apierrors.ClassOf(err), Took: time.Since(began)})
	switch {
	case err == nil:
		return nil
	case x.ctx.Err() != nil:
		x.err = x.canceled(x.last)
	default:
		x.err = x.notRenewed(err)
	}
	return x.err
}

// giveUp closes what is left of the last answer; the error is ready.
func (x *call) giveUp(resp *http.Response, _ error, _ int) (*http.Response, error) {
	if resp != nil {
		_ = resp.Body.Close()
	}
	return nil, x.err
}

// outcome reads what an attempt ended with; nil is a success.
func (x *call) outcome(resp *http.Response, err error) *outcome {
	if err != nil {
		return &outcome{failure: x.wireFailure(err), err: withoutURL(err)}
	}
	a := x.attempt
	if resp.StatusCode < http.StatusBadRequest {
		return x.read(resp)
	}
	kept, whole := a.body.keep()
	a.timer.Stop()
	resp.Body = io.NopCloser(bytes.NewReader(kept))
	f := x.c.vendor.Decode(policy.Answer{Status: resp.StatusCode, Header: resp.Header, Body: kept, Received: time.Now()})
	if f == nil {
		f = &policy.Failure{Status: resp.StatusCode}
	}
	f.Cut = !whole
	return &outcome{failure: *f, body: kept, header: resp.Header}
}

// read takes the answer of a success: the typed door decodes it, a stream is guarded.
func (x *call) read(resp *http.Response) *outcome {
	a := x.attempt
	if x.decode == nil {
		a.timer.Stop()
		a.body.watched = true
		return nil
	}
	err := x.decode(resp)
	if !a.timer.Stop() && err != nil {
		err = errAttemptTimeout
	}
	_ = a.body.Close()
	resp.Body = http.NoBody
	if err == nil {
		return nil
	}
	f := policy.Failure{Class: apierrors.MalformedResponse, Applied: apierrors.AppliedYes, Status: resp.StatusCode}
	f.Permanent = resp.StatusCode >= http.StatusMultipleChoices // a redirect stays one
	return &outcome{failure: f, header: resp.Header, err: err}
}
