package client

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// An attempt is one request on the wire.
type attempt struct {
	ctx         context.Context
	cancel      context.CancelCauseFunc
	clock       attemptClock
	proof       proof
	header      http.Header // of the request, as it was sent
	handed      bool        // the request was given to the transport
	bodyWasRead atomic.Bool // of the request
	bodySpoilt  atomic.Bool // of the request: it failed, or is not as long as told
	body        *answerBody // of the answer

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
	if x.left && !x.payload.empty && req.Response == nil {
		return nil, &bodyError{errBodyLeaves}
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
	a.header, a.handed = out.Header, true
	resp, err := x.c.wire.RoundTrip(out.WithContext(a.proof.traced(a.ctx)))
	if err == nil && resp == nil {
		err = errNoAnswer
	}
	if err != nil {
		err = a.why(err)
		a.end()
		return nil, err
	}
	x.receive(req, resp)
	return resp, nil
}

var (
	errBodyLeaves = errors.New("a redirect leads to another origin, which a body is not taken to")
	errNoAnswer   = errors.New("the transport gave neither an answer nor an error")
	errReplay     = errors.New("the connection failed, and net/http was kept from sending the request again by itself")
)

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
	a.proof.stop, a.proof.speech = a.cancel, x.c.speech
	a.clock.run(x.c.policy.Retry().AttemptTimeout, a.cancel)
	x.attempt = a
	return a
}

// receive takes hold of an answer's body, and of where a redirect leads: one that is
// not followed is kept from http.Client, which would follow it or fail on a malformed one.
func (x *call) receive(req *http.Request, resp *http.Response) {
	a := x.attempt
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	a.body = &answerBody{ReadCloser: resp.Body, attempt: a}
	resp.Body = a.body
	resp.Request = x.original
	if req.Response != nil || x.moved {
		resp.Request = req
	}
	switch {
	case resp.StatusCode/100 != 3 || resp.Header.Get("Location") == "":
	case x.follows(req, resp):
		x.passed(req, resp)
		a.body.drop() // http.Client would read of it for as long as it likes
		resp.Body = http.NoBody
	default:
		a.location = resp.Header["Location"]
		resp.Header.Del("Location")
	}
}

// why is what err came of: if the attempt was ended for a reason of ours, that reason.
func (a *attempt) why(err error) error {
	cause := context.Cause(a.ctx)
	for _, ours := range []error{errAttemptTimeout, errStalled, errReplay, errInterim} {
		if errors.Is(cause, ours) {
			return ours
		}
	}
	return err
}

// end stops the attempt's clock and gives up what it holds.
func (a *attempt) end() {
	a.clock.stop()
	a.cancel(errEnded)
}

// dress puts credential, idempotency key and body on the attempt's own copy. They go to
// where the call was addressed: a redirect does not get the body, and one that left the
// origin gets no credential.
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
	return x.payload.attach(out, x.attempt)
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
