package client

import (
	"context"
	"errors"
	"net/http"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/wire"
)

// An attempt is one request of a call.
type attempt struct {
	*wire.Attempt
	header   http.Header    // of the request, as it was sent
	location []string       // of a redirect that is not followed: kept from http.Client
	shown    *http.Response // what the caller gets of an answer that was looked at
}

// RoundTrip sends one attempt: lanes, timeout, credential, wire. It makes a call the
// transport of its own http.Client; it has no CloseIdleConnections, so that
// go-retryablehttp cannot empty the pool that all calls share.
//
// A redirect that is followed is an attempt of its own, with req.Response set.
func (x *call) RoundTrip(req *http.Request) (*http.Response, error) {
	x.attempt = nil
	if x.ctx.Err() != nil {
		return nil, context.Cause(x.ctx)
	}
	x.arrive(req)
	if x.left && x.body != nil && req.Response == nil {
		return nil, &wire.BodyError{Err: errBodyLeaves}
	}
	if err := x.admit(req.Context()); err != nil {
		return nil, err
	}
	a := x.begin(req.Context())
	out := req.Clone(a.Context())
	if err := x.dress(out); err != nil {
		a.End()
		return nil, err
	}
	a.header = out.Header
	body := x.body
	if x.left || req.Response != nil { // a redirect does not get the body
		body = nil
	}
	resp, err := a.Send(out, body)
	if err != nil {
		return nil, err
	}
	x.receive(req, resp)
	return resp, nil
}

var errBodyLeaves = errors.New("a redirect leads to another origin, which a body is not taken to")

// begin opens the attempt's record and starts its clock.
func (x *call) begin(ctx context.Context) *attempt {
	now := time.Now()
	if len(x.attempts) == 0 {
		x.began, x.imposed = now, 0
	}
	x.attempts = append(x.attempts, apierrors.Attempt{Start: now, Wait: x.sinceLast})
	x.sinceLast = 0
	x.attempt = &attempt{Attempt: x.c.wire.Begin(ctx, x.c.policy.Retry().AttemptTimeout)}
	return x.attempt
}

// receive takes hold of where a redirect leads: one that is not followed is kept from
// http.Client, which would follow it or fail on a malformed one.
func (x *call) receive(req *http.Request, resp *http.Response) {
	a := x.attempt
	resp.Request = x.original
	if req.Response != nil || x.moved {
		resp.Request = req
	}
	switch {
	case resp.StatusCode/100 != 3 || resp.Header.Get("Location") == "":
	case x.follows(req, resp):
		x.passed(req, resp)
		a.Body().Drop() // http.Client would read of it for as long as it likes
		resp.Body = http.NoBody
	default:
		a.location = resp.Header["Location"]
		resp.Header.Del("Location")
	}
}

// dress puts credential and idempotency key on the attempt's own copy. They go to where
// the call was addressed: a redirect that left the origin gets no credential.
func (x *call) dress(out *http.Request) error {
	if x.left {
		keepHarmless(out)
		return nil
	}
	if x.authorized(out.URL) {
		if err := x.authorize(out); err != nil {
			return &credentialError{err}
		}
	}
	if out.Response != nil {
		return nil
	}
	if x.keyed() {
		out.Header.Set(x.c.vendor.IdempotencyHeader(), x.options.IdempotencyKey)
	}
	out.Trailer = x.req.Trailer // its values are set while the body is read
	return nil
}

// authorize applies the client's credential, and has the first one fetched.
func (x *call) authorize(out *http.Request) error {
	ctx := WithCall(out.Context(), CallOptions{})
	err := x.c.auth.Apply(ctx, out)
	if errors.Is(err, ErrNoCredential) {
		if err := x.c.renewals.renew(ctx, x.c.auth, ""); err != nil {
			return err
		}
		err = x.c.auth.Apply(ctx, out)
	}
	x.sent = out.Header.Get("Authorization")
	return err
}

// keyed reports whether an idempotency key goes with the call, and the vendor honours it.
func (x *call) keyed() bool {
	return x.options.IdempotencyKey != "" && x.c.vendor.IdempotencyHeader() != ""
}

// credentialError is a failure of Auth.Apply: nothing was sent.
type credentialError struct{ error }

func (e *credentialError) Unwrap() error { return e.error }
