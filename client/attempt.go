package client

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/retrywise/retrywise/internal/wire"
)

// An attempt is one request of a call.
type attempt struct {
	wire.Attempt
	header  http.Header    // of the request, as it was sent
	applied string         // identity of the credential that was applied; empty: none
	shown   *http.Response // what the caller gets of a response that was looked at; nil: the response
}

// send sends req, and then follows the redirects that the call itself follows. Each
// request is an attempt of its own.
func (x *call) send(req *http.Request) (*http.Response, error) {
	x.destination = x.c.destinationOf(req, x.c.crossedOrigin(x.request.original))
	if x.destination.crossedOrigin && x.request.body != nil {
		return nil, x.unsent(&wire.BodyError{Err: errBodyLeaves})
	}
	resp, err := x.sendOnce(req, x.request.body)
	for hops := 1; err == nil && x.follows(req, resp, hops); hops++ {
		next := hopTo(req, resp)
		x.passed(req, resp, next)
		crossed := x.destination.crossedOrigin || !isSameOrigin(req.URL, next.URL)
		x.destination = x.c.destinationOf(next, crossed)
		req = next
		resp, err = x.sendOnce(req, nil)
	}
	if err == nil {
		resp.Request = x.request.original
		if req.Response != nil || x.request.moved {
			resp.Request = req
		}
	}
	return resp, err
}

var errBodyLeaves = errors.New("a redirect leads to another origin, which a body is not taken to")

// unsent is the failure of an attempt that does not begin.
func (x *call) unsent(err error) error {
	x.attempt = nil
	return err
}

// sendOnce makes one attempt: limits, timeout, credential, wire.
func (x *call) sendOnce(req *http.Request, body *wire.Payload) (*http.Response, error) {
	x.attempt = nil
	if x.ctx.Err() != nil {
		return nil, context.Cause(x.ctx)
	}
	if err := x.admit(); err != nil {
		return nil, err
	}
	a := &attempt{}
	x.history.begin(time.Now())
	x.c.wire.Begin(x.ctx, &a.Attempt, x.c.policy.Retry().AttemptTimeout)
	x.attempt = a
	out, err := x.prepare(a, req)
	if err != nil {
		a.End()
		return nil, err
	}
	a.header = out.Header
	return a.Send(out, body)
}

// prepare returns req with credential and idempotency key. They go to where the call was
// addressed: a redirect gets no key, and one that crossed the origin no credential.
func (x *call) prepare(a *attempt, req *http.Request) (*http.Request, error) {
	out := req.WithContext(a.Context())
	out.Header = req.Header.Clone()
	if out.Header == nil {
		out.Header = http.Header{}
	}
	if x.destination.crossedOrigin {
		keepHarmless(out.Header)
		return out, nil
	}
	if x.c.authorizes(x.destination) {
		if err := x.authorize(a, out); err != nil {
			return nil, &credentialError{err}
		}
	}
	if x.hasKey() && req.Response == nil {
		out.Header.Set(x.c.vendor.IdempotencyHeader(), x.request.options.IdempotencyKey)
	}
	return out, nil
}

// authorize applies the client's credential, and has the first one fetched.
func (x *call) authorize(a *attempt, out *http.Request) error {
	ctx := WithCall(a.Context(), CallOptions{})
	err := x.c.auth.Apply(ctx, out)
	if errors.Is(err, ErrNoCredential) {
		if err := x.c.renewals.renew(ctx, x.c.auth, ""); err != nil {
			return err
		}
		err = x.c.auth.Apply(ctx, out)
	}
	a.applied = out.Header.Get("Authorization")
	return err
}

// hasKey reports whether an idempotency key goes with the call, and the vendor honours it.
func (x *call) hasKey() bool { return x.c.hasKey(x.request) }

func (c *Client) hasKey(r request) bool {
	return r.options.IdempotencyKey != "" && c.vendor.IdempotencyHeader() != ""
}

// credentialError is a failure of Auth.Apply: nothing was sent.
type credentialError struct{ error }

func (e *credentialError) Unwrap() error { return e.error }
