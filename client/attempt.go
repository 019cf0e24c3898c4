package client

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// An attempt is one request on the wire.
type attempt struct {
	ctx      context.Context
	cancel   context.CancelCauseFunc
	timer    *time.Timer // ends the attempt; stopped when the caller gets the stream
	body     *answerBody // of the answer
	location []string    // of a redirect: kept from http.Client, which fails on a malformed one

	handed bool        // the request was given to the transport
	sought atomic.Bool // the transport began to look for a connection
	gotOne atomic.Bool // and had one: from here on, bytes may have left
	begun  atomic.Bool // the request was begun, and no answer to it has come
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
	a.handed = true
	resp, err := x.c.wire.RoundTrip(out.WithContext(a.traced(!policy.IsIdempotent(out.Method))))
	if err == nil && resp == nil {
		err = errNoAnswer
	}
	if err != nil {
		err = a.why(err)
		a.end()
		return nil, err
	}
	a.receive(resp)
	resp.Request = x.original
	return resp, nil
}

var (
	errNoAnswer = errors.New("the transport gave neither an answer nor an error")
	errReplay   = errors.New("the connection failed, and net/http was kept from sending the write again by itself")
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
	a.timer = time.AfterFunc(x.c.policy.Retry().AttemptTimeout, func() { a.cancel(errAttemptTimeout) })
	x.attempt = a
	return a
}

// traced is the attempt's context with an eye on its connection, and on no other that
// is opened meanwhile, such as for a token.
//
// Over HTTP/2, net/http sends a request without a body again by itself, a POST as well,
// when the connection or the stream fails with PROTOCOL_ERROR. A write that was begun is
// kept from that: the attempt ends before another connection is written to. A transport
// that sends again after an answer, such as for digest authentication, is not.
func (a *attempt) traced(isWrite bool) context.Context {
	return httptrace.WithClientTrace(a.ctx, &httptrace.ClientTrace{
		GetConn: func(string) { a.sought.Store(true) },
		GotConn: func(info httptrace.GotConnInfo) {
			if isWrite && a.begun.Load() && mayBeHTTP2(info.Conn) {
				a.cancel(errReplay)
			}
			a.gotOne.Store(true)
		},
		WroteHeaders:         func() { a.begun.Store(true) },
		GotFirstResponseByte: func() { a.begun.Store(false) },
	})
}

// mayBeHTTP2 reports whether a connection speaks HTTP/2, or may do so without TLS. Over
// HTTP/1, net/http sends only what was not written, or has no body and a header that
// says so (see repeatsByItself).
func mayBeHTTP2(conn net.Conn) bool {
	secure, ok := conn.(*tls.Conn)
	return !ok || secure.ConnectionState().NegotiatedProtocol == "h2"
}

// receive takes hold of an answer's body, and of where a redirect leads.
func (a *attempt) receive(resp *http.Response) {
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	a.body = &answerBody{ReadCloser: resp.Body, attempt: a}
	resp.Body = a.body
	if resp.StatusCode/100 == 3 && resp.Header != nil {
		a.location = resp.Header["Location"]
		resp.Header.Del("Location")
	}
}

// why is what err came of: if the attempt was ended for a reason of ours, that reason.
func (a *attempt) why(err error) error {
	cause := context.Cause(a.ctx)
	for _, ours := range []error{errAttemptTimeout, errStalled, errReplay} {
		if errors.Is(cause, ours) {
			return ours
		}
	}
	return err
}

// end stops the attempt's clock and gives up what it holds.
func (a *attempt) end() {
	a.timer.Stop()
	a.cancel(errEnded)
}

// dress puts credential, idempotency key and body on the attempt's own copy.
func (x *call) dress(out *http.Request) error {
	if x.authorized() {
		if err := x.authorize(out); err != nil {
			return &credentialError{err}
		}
	}
	if x.keyed() {
		out.Header.Set(x.c.vendor.IdempotencyHeader(), x.options.IdempotencyKey)
	}
	return x.payload.attach(out)
}

// repeatsByItself are headers for which net/http takes any request without a body for
// one that it may send again.
var repeatsByItself = []string{"Idempotency-Key", "X-Idempotency-Key"}

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
