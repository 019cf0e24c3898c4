package client

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// An attempt is one request on the wire.
type attempt struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer // ends the attempt; stopped when the caller gets the stream
	body   *answerBody // of the answer

	sought atomic.Bool // the transport began to look for a connection
	gotOne atomic.Bool // and had one: from here on, bytes may have left
}

// RoundTrip sends one attempt: lanes, credential, timeout, wire. It makes a call the
// transport of its own http.Client; it has no CloseIdleConnections, so that
// go-retryablehttp cannot empty the pool that all calls share.
func (x *call) RoundTrip(req *http.Request) (*http.Response, error) {
	x.attempt = nil
	if x.ctx.Err() != nil {
		return nil, context.Cause(x.ctx)
	}
	if err := x.admit(req.Context()); err != nil {
		return nil, err
	}
	a := x.begin(req.Context())
	out := req.Clone(a.ctx)
	if err := x.dress(out); err != nil {
		a.end()
		return nil, err
	}
	resp, err := x.c.wire.RoundTrip(out)
	if err != nil {
		a.end()
		return nil, err
	}
	a.body = &answerBody{ReadCloser: resp.Body, cancel: a.cancel, cause: func() error { return context.Cause(a.ctx) }}
	resp.Body, resp.Request = a.body, x.original
	return resp, nil
}

// begin opens the attempt's record and starts its clock.
func (x *call) begin(ctx context.Context) *attempt {
	now := time.Now()
	if len(x.attempts) == 0 {
		x.began, x.imposed = now, 0
	}
	x.attempts = append(x.attempts, apierrors.Attempt{Start: now, Wait: x.sinceLast})
	x.sinceLast = 0
	a := &attempt{}
	a.ctx, a.cancel = context.WithCancelCause(ctx)
	a.ctx = httptrace.WithClientTrace(a.ctx, &httptrace.ClientTrace{
		GetConn: func(string) { a.sought.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { a.gotOne.Store(true) },
	})
	a.timer = time.AfterFunc(x.c.policy.Retry().AttemptTimeout, func() { a.cancel(errAttemptTimeout) })
	x.attempt = a
	return a
}

// end stops the attempt's clock and gives up what it holds.
func (a *attempt) end() {
	a.timer.Stop()
	a.cancel(errEnded)
}

// dress puts body, idempotency key and credential on the attempt's own copy.
func (x *call) dress(out *http.Request) error {
	if err := x.payload.attach(out); err != nil {
		return err
	}
	if x.keyed() {
		out.Header.Set(x.c.vendor.IdempotencyHeader(), x.options.IdempotencyKey)
	}
	if !x.authorized() {
		return nil
	}
	if err := x.c.auth.Apply(out.Context(), out); err != nil {
		if out.Body != nil {
			_ = out.Body.Close()
		}
		return &credentialError{err}
	}
	x.sent = out.Header.Get("Authorization")
	return nil
}

// authorized reports whether the client's credential belongs on the call: it is bound
// to the base URL's origin.
func (x *call) authorized() bool {
	base := x.c.base
	return x.c.auth != nil && base != nil && x.req.URL.Scheme == base.Scheme && x.req.URL.Host == base.Host
}

// keyed reports whether an idempotency key goes with the call, and the vendor honours it.
func (x *call) keyed() bool {
	return x.options.IdempotencyKey != "" && x.c.vendor.IdempotencyHeader() != ""
}

// credentialError is a failure of Auth.Apply: nothing was sent.
type credentialError struct{ error }

func (e *credentialError) Unwrap() error { return e.error }
