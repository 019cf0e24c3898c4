package client

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/internal/wire"
	"github.com/retrywise/retrywise/policy"
)

// An attempt is one request of a call.
type attempt struct {
	wire.Attempt
	observed context.Context // that the observer returned
	url      string          // for the observer, without personal data; empty: there is none
	sent     sentRequest
	identity string         // of the credential that was applied; empty: none
	paid     int            // what the budget paid for it; 0: it is not a retry, or a free one
	isUnsent bool           // there was no request
	answered time.Time      // when the response came; zero: there is none
	text     []byte         // what was read of its body, without its content coding
	quotas   []policy.Quota // what it says about limits
	shown    *http.Response // what the caller gets of a response that was looked at; nil: the response
}

// send sends req, and then follows the redirects that the call itself follows. Each
// request is an attempt of its own.
func (x *call) send(req *http.Request) (*http.Response, error) {
	x.destination = x.c.destinationOf(req, x.c.crossedOrigin(x.request.original))
	if x.destination.crossedOrigin && x.request.body != nil {
		return nil, x.unsent(&wire.BodyError{Err: errBodyLeaves})
	}
	body := x.request.body
	resp, err := x.sendOnce(req, body)
	for hops := 1; err == nil && x.follows(req, body, resp, hops); hops++ {
		var next *http.Request
		next, body = hopTo(req, body, resp)
		x.passed(req, resp, next)
		crossed := x.destination.crossedOrigin || !isSameOrigin(req.URL, next.URL)
		x.destination = x.c.destinationOf(next, crossed)
		req = next
		resp, err = x.sendOnce(req, body)
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
	x.history.begin(time.Now())
	a := &attempt{}
	x.startAttempt(a)
	if x.last != nil {
		a.paid = x.last.paid
	}
	x.attempt = a
	x.c.wire.Begin(a.observed, &a.Attempt, x.timeout(), *x.c.retry.StallTimeout)
	out, err := x.prepare(a, req, body)
	if err != nil {
		a.isUnsent = true
		a.End()
		return nil, err
	}
	a.sent = sentRequest{out.URL, out.Header}
	resp, err := a.Send(out, body)
	if err != nil {
		return nil, err
	}
	a.answered = time.Now()
	a.quotas = answer.Quotas(resp.Header, policy.Answer{Header: resp.Header, Received: a.answered}.Now)
	resp.Request = x.request.original
	if req.Response != nil || x.request.moved {
		resp.Request = req
	}
	return resp, nil
}

// timeout limits an attempt.
func (x *call) timeout() time.Duration {
	if t := x.request.options.Timeout; t > 0 {
		return t
	}
	return x.c.retry.AttemptTimeout
}

// prepare returns req with credential and idempotency key. They go to where the call was
// addressed: a redirect gets no key, and one that crossed the origin no credential.
func (x *call) prepare(a *attempt, req *http.Request, body *wire.Payload) (*http.Request, error) {
	out := req.WithContext(a.Context())
	target := *req.URL // Auth and transports may change it
	out.URL = &target
	if out.Header = req.Header.Clone(); out.Header == nil {
		out.Header = http.Header{}
	}
	if _, isSet := out.Header["User-Agent"]; !isSet {
		out.Header["User-Agent"] = x.c.userAgent
	}
	if x.destination.crossedOrigin {
		keepHarmless(out.Header)
		return out, nil
	}
	if user := req.URL.User; user != nil && out.Header.Get("Authorization") == "" {
		password, _ := user.Password()
		out.SetBasicAuth(user.Username(), password)
	}
	isSame := req.Response == nil || keepsRequest(req.Response.StatusCode)
	if key := x.request.options.IdempotencyKey; key != "" && isSame && !x.destination.isForeign {
		out.Header.Set(x.c.keyHeader(), key)
	}
	if x.c.authorizes(x.destination) {
		body.Describe(out)
		if err := x.authorize(a, out); err != nil {
			return nil, &credentialError{err}
		}
	}
	return out, nil
}

// authorize applies the client's credential. One that is missing or has expired is
// renewed before, and one that expires soon meanwhile.
func (x *call) authorize(a *attempt, out *http.Request) error {
	identity, err := x.c.auth.Apply(a.Context(), out)
	if errors.Is(err, ErrNoCredential) {
		if err := x.c.renewals.renew(a.Context(), identity); err != nil {
			return err
		}
		identity, err = x.c.auth.Apply(a.Context(), out)
	}
	if errors.Is(err, ErrRenewSoon) {
		x.c.renewals.start(a.Context(), identity)
		err = nil
	}
	a.identity = identity
	switch {
	case err != nil:
		return err
	case out.URL == nil || out.Header == nil:
		return errStripped
	default:
		return checkApplied(x.request.http.Header, out.Header)
	}
}

var errStripped = errors.New("client: Auth.Apply left the request without a URL or a header")
