package client

import (
	"bytes"
	"context"
	"errors"
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
		x.count(d.Action)
		return true, nil
	case d.Action == apierrors.Accept:
		x.accepted = true
		return false, nil
	case d.Action == apierrors.Refresh: // this call cannot be repeated, but the next ones need the credential
		x.c.renewals.start(x.ctx, x.c.auth, x.sent)
	}
	x.err = x.failed(o)
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
	if d.Imposed {
		x.impose(d.Delay)
		x.resumes = time.Now().Add(d.Delay)
		return d.Delay
	}
	x.waited += d.Delay
	x.sinceLast += d.Delay
	return d.Delay
}

// prepare does what comes before the next attempt, if that was decided: it renews the
// credential, or has the request made smaller.
func (x *call) prepare(next *http.Request) error {
	switch x.last.decision.Action {
	case apierrors.Refresh:
		return x.renew()
	case apierrors.Shrink:
		return x.shrink(next)
	default:
		return nil
	}
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
		x.err = x.canceled(x.last)
	default:
		x.err = x.notRenewed(err)
	}
	return x.err
}

// shrink puts the smaller request that the caller's hook gives in place of the one that
// was too large. It is another request, so the idempotency key is not its own.
func (x *call) shrink(next *http.Request) error {
	smaller, err := x.options.Shrink(x.original)
	if err == nil && smaller != nil {
		x.payload.close()
		x.options.IdempotencyKey = ""
		err = x.take(smaller)
	}
	if err != nil || smaller == nil {
		x.err = x.notShrunk(err)
		return x.err
	}
	*next = *x.req
	return nil
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
	if x.attempt.location != nil {
		resp.Header["Location"] = x.attempt.location
	}
	switch {
	case resp.StatusCode >= http.StatusBadRequest:
		return x.readError(resp)
	case x.decode != nil:
		return x.readTyped(resp)
	default:
		return x.readStream(resp)
	}
}

// readError keeps an error's body, within its bounds, and has it explained.
func (x *call) readError(resp *http.Response) *outcome {
	kept, whole := x.attempt.body.keep()
	x.attempt.timer.Stop()
	resp.Body = io.NopCloser(bytes.NewReader(kept))
	f := x.explain(resp, kept)
	if f == nil {
		f = &policy.Failure{Status: resp.StatusCode}
	}
	f.Cut = !whole
	return &outcome{failure: *f, body: kept, header: resp.Header}
}

func (x *call) explain(resp *http.Response, body []byte) *policy.Failure {
	return x.c.vendor.Decode(policy.Answer{Status: resp.StatusCode, Header: resp.Header, Body: body, Received: time.Now()})
}

// readTyped reads the whole answer and decodes it. A redirect is none: what it leads to
// was not done.
func (x *call) readTyped(resp *http.Response) *outcome {
	a := x.attempt
	data, err := readTyped(a.body)
	if !a.timer.Stop() && err != nil {
		err = errAttemptTimeout
	}
	_ = a.body.Close()
	resp.Body = http.NoBody
	f := policy.Failure{Class: apierrors.MalformedResponse, Applied: apierrors.AppliedYes, Status: resp.StatusCode}
	switch {
	case resp.StatusCode == http.StatusNotModified:
		return nil
	case resp.StatusCode >= http.StatusMultipleChoices:
		f.Permanent, f.Applied = true, appliedByRedirect(resp.StatusCode)
		return &outcome{failure: f, header: resp.Header, err: errRedirect}
	}
	if told := x.errorIn2xx(resp, data); told != nil && err == nil {
		return told
	}
	if err == nil && len(data) > 0 {
		err = x.decode(data)
	}
	if err == nil {
		return nil
	}
	f.Permanent = errors.Is(err, errTooLong)
	return &outcome{failure: f, header: resp.Header, err: err}
}

var errRedirect = errors.New("the answer is a redirect, which is not followed")

// appliedByRedirect is what a redirect proves: 307 and 308 ask for the same request
// elsewhere, so it was not executed here (RFC 9110 sections 15.4.8 and 15.4.9).
func appliedByRedirect(status int) apierrors.Applied {
	if status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect {
		return apierrors.AppliedNo
	}
	return apierrors.AppliedUnknown
}

// readStream hands the answer on as a stream, guarded against a stall. Of a vendor that
// tells errors in a 2xx, the beginning is looked at: an answer that ends within it may
// be one.
func (x *call) readStream(resp *http.Response) *outcome {
	a := x.attempt
	if resp.StatusCode < http.StatusMultipleChoices && x.c.vendor.ErrorsIn2xx() {
		if head, isAll := a.body.peek(); isAll {
			if told := x.errorIn2xx(resp, head); told != nil {
				a.timer.Stop()
				_ = a.body.Close()
				resp.Body = io.NopCloser(bytes.NewReader(head))
				return told
			}
		}
	}
	a.timer.Stop()
	a.body.watched = true
	return nil
}

// errorIn2xx is the error that a success by status holds; nil if it is one.
func (x *call) errorIn2xx(resp *http.Response, body []byte) *outcome {
	if !x.c.vendor.ErrorsIn2xx() {
		return nil
	}
	f := x.explain(resp, body)
	if f == nil {
		return nil
	}
	return &outcome{failure: *f, body: body, header: resp.Header}
}
