package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"net/http"
	"sync/atomic"
	"time"
)

// An Attempt is one request on the wire, from Begin to the end of its response body. Its
// methods run in the goroutine of the call; net/http reports to it from others.
type Attempt struct {
	wire   *Wire
	ctx    context.Context // until End
	cancel context.CancelCauseFunc
	traced tracedContext // ctx for the request on the wire
	clock  clock
	proof  proof
	marked *markedError // the latest error of net/http's transport; the proof's lock guards it
	handed bool         // the request was given to the transport
	loan   *loan        // of the request's body; nil: there is none
	body   Body

	bodyWasRead atomic.Bool // of the request
	bodyFailed  atomic.Bool // of the request: it failed, or its length is not as declared
}

// Begin starts attempt a. It ends with ctx, if no response came timeout after the transport
// last read from the request's body, and if a Read of the response takes longer than stall,
// unless that is 0.
func (w *Wire) Begin(ctx context.Context, a *Attempt, timeout, stall time.Duration) {
	a.wire = w
	a.ctx, a.cancel = context.WithCancelCause(ctx)
	a.traced.Context, a.traced.attempt = a.ctx, a
	a.clock.run(timeout, stall, a.cancel)
}

// Context returns the context of what is done for the attempt beside the request, such as
// fetching a token. It ends with the attempt.
func (a *Attempt) Context() context.Context { return a.ctx }

// Send sends a copy of req with body p, which may be nil. The response's body is the
// attempt's Body; a response without a body or header gets an empty one. An error that
// the caller's body caused is a *BodyError.
func (a *Attempt) Send(req *http.Request, p *Payload) (*http.Response, error) {
	out := req.WithContext(&a.traced)
	err := p.lendTo(out, a)
	var resp *http.Response
	if err == nil {
		a.handed = true
		resp, err = a.wire.transport.RoundTrip(out)
	}
	if err == nil && resp == nil {
		err = errNothing
	}
	if err != nil {
		err = a.Cause(withScheme(err))
		a.End()
		return nil, err
	}
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	if resp.Body == http.NoBody {
		a.End() // nobody may ever close it
	}
	a.body.ReadCloser, a.body.attempt = resp.Body, a
	resp.Body = &a.body
	return resp, nil
}

// withScheme returns http.ErrSchemeMismatch for a server that speaks HTTP where HTTPS is
// expected, as an http.Client does.
func withScheme(err error) error {
	if e, ok := err.(tls.RecordHeaderError); ok && string(e.RecordHeader[:]) == "HTTP/" { //nolint:errorlint // only the transport's own
		return http.ErrSchemeMismatch
	}
	return err
}

// Body returns the response body; valid after Send returned a response.
func (a *Attempt) Body() *Body { return &a.body }

// StopTimeout takes the attempt's timeout away from a response that is being streamed.
func (a *Attempt) StopTimeout() { a.clock.stopTimeout() }

// MayStall lets a Read of the response take any time.
func (a *Attempt) MayStall() { a.clock.stall.Store(0) }

// End stops the timeout and releases what the attempt holds.
func (a *Attempt) End() {
	a.clock.stop()
	a.cancel(errEnded)
	a.loan.end()
}

// Abandon ends an attempt during which something panicked, maybe the transport: it closes
// the bodies of the request and of the response.
func (a *Attempt) Abandon() {
	if a.body.ReadCloser != nil {
		_ = closeSafely(&a.body)
	}
	a.End()
}

// BodyFailed reports whether the caller's request body failed, or had another length than
// it declared. A nil Attempt lent no body.
func (a *Attempt) BodyFailed() bool { return a != nil && a.bodyFailed.Load() }

// Cause returns why the attempt failed with err: our own reason if we ended it.
func (a *Attempt) Cause(err error) error {
	cause := context.Cause(a.ctx)
	for _, ours := range []error{errNoResponse, errStalled, errReplay, errInterim} {
		if errors.Is(cause, ours) {
			return ours
		}
	}
	return err
}

// Snapshot returns a copy of resp that the transport no longer changes: it fills in the
// trailers when the body ends, which may be in another goroutine.
func (a *Attempt) Snapshot(resp *http.Response) *http.Response {
	snapshot := *resp
	snapshot.Trailer = maps.Clone(resp.Trailer)
	a.body.onEOF = func() {
		if snapshot.Trailer == nil {
			snapshot.Trailer = resp.Trailer
			return
		}
		maps.Copy(snapshot.Trailer, resp.Trailer)
	}
	return &snapshot
}

var (
	errNothing = errors.New("the transport returned neither a response nor an error")
	errEnded   = errors.New("the attempt has ended")
)
