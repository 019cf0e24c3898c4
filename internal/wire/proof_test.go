package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	apierrors "github.com/retrywise/retrywise/errors"
)

// newAttempt returns an attempt of which nothing was reported yet, by a Wire whose
// connections carry p.
func newAttempt(p protocol, cancel func(error)) *Attempt {
	w := &Wire{transport: http.DefaultTransport, isDirect: true}
	if p != protoUnknown {
		w.standard = &http.Transport{}
	}
	if p == http2 {
		w.standard.Protocols = &http.Protocols{}
		w.standard.Protocols.SetUnencryptedHTTP2(true)
	}
	return &Attempt{wire: w, cancel: cancel, handed: true}
}

// A script of what a transport reports of one request, and what that proves.
func TestProof(t *testing.T) {
	type step = func(*Attempt, *meter)
	look := func(a *Attempt, _ *meter) { a.proof.wants() }
	conn := func(a *Attempt, m *meter) { a.got(m) }
	foreign := func(a *Attempt, m *meter) { a.got(m.Conn) } // that our Transport did not dial
	write := func(_ *Attempt, m *meter) { _, _ = m.Write([]byte("x")) }
	begin := func(a *Attempt, _ *meter) { a.proof.set(&a.proof.wroteHeaders) }
	answer := func(a *Attempt, _ *meter) { a.proof.set(&a.proof.answered) }
	early := func(a *Attempt, _ *meter) { _ = a.gotInterim() }
	for name, tt := range map[string]struct {
		protocol  protocol
		steps     []step
		neverLeft bool
		stopped   bool
	}{
		"a transport without a trace":                      {http1, nil, false, false},
		"no connection":                                    {http1, []step{look}, true, false},
		"nothing was written":                              {http1, []step{look, conn, begin}, true, false},
		"half the headers were written":                    {http1, []step{look, conn, write}, true, false},
		"it left":                                          {http1, []step{look, conn, begin, write}, false, false},
		"it may have left, by a foreign connection":        {http1, []step{look, foreign, begin}, false, false},
		"half the headers, by a foreign connection":        {http1, []step{look, foreign}, true, false},
		"over HTTP/2, all of it may be under way":          {http2, []step{look, conn}, false, false},
		"nothing was written, and then it left":            {http1, []step{look, conn, begin, look, conn, begin, write}, false, false},
		"nothing was written, twice":                       {http1, []step{look, conn, begin, look, conn, begin}, true, false},
		"it left, and net/http begins again":               {http1, []step{look, conn, begin, write, look, conn}, false, true},
		"it left by an unknown protocol, and begins again": {protoUnknown, []step{look, foreign, begin, look, foreign}, false, true},
		"nothing of an unknown protocol is certain":        {protoUnknown, []step{look, foreign}, false, false},
		"it left, and there was no other connection":       {http1, []step{look, conn, begin, write, look}, false, false},
		"over HTTP/2, on the same connection":              {http2, []step{look, conn, begin, conn}, false, true},
		"it was answered, and a transport logs in":         {http1, []step{look, conn, begin, write, answer, look, conn}, false, false},
		"only an early hint came, and it begins again":     {http2, []step{look, conn, begin, answer, early, look, conn}, false, true},
		"over HTTP/1, an early hint is an answer":          {http1, []step{look, conn, begin, write, answer, early, look, conn}, false, false},

		"nothing was written, on a reused connection":         {http1, []step{write, look, conn, begin}, true, false},
		"it was answered, and there is no other connection":   {http1, []step{look, conn, begin, write, answer, look}, false, false},
		"half the headers were written, and it begins again":  {http1, []step{look, conn, write, look, conn}, true, false},
		"nothing was written, and then half the headers were": {http1, []step{look, conn, begin, look, conn, write}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			defer func() { _, _ = ours.Close(), theirs.Close() }()
			go func() { _, _ = io.Copy(io.Discard, theirs) }()
			stopped := false
			a := newAttempt(tt.protocol, func(error) { stopped = true })
			m := &meter{Conn: ours, transport: a.wire.standard}
			for _, do := range tt.steps {
				do(a, m)
			}
			if a.proof.neverLeft(false) != tt.neverLeft || stopped != tt.stopped {
				t.Errorf("never left %v, stopped %v; want %v and %v", a.proof.neverLeft(false), stopped, tt.neverLeft, tt.stopped)
			}
			if _, err := m.Write([]byte("x")); (err != nil) != (stopped && tt.protocol != http2) {
				t.Errorf("another write: %v", err)
			}
		})
	}
}

// A transport that has read the body found a way to send it, whatever the trace says.
func TestProofByTheBody(t *testing.T) {
	p := &proof{}
	if p.wants(); p.neverLeft(true) || !p.neverLeft(false) {
		t.Error("a body that was read proves nothing")
	}
}

func TestProofBoundsInterimResponses(t *testing.T) {
	stopped := false
	a := newAttempt(http1, func(error) { stopped = true })
	for range maxInterim {
		if err := a.gotInterim(); err != nil {
			t.Fatal(err)
		}
	}
	if a.gotInterim() == nil || !stopped {
		t.Error("there is no bound")
	}
}

// net/http reports from goroutines of its own. (For -race.)
func TestProofIsSafeForConcurrentUse(*testing.T) {
	a := newAttempt(http2, func(error) {})
	p := &a.proof
	var all sync.WaitGroup
	for _, do := range []func(){
		p.wants, func() { a.got(nil) }, func() { p.set(&p.wroteHeaders) }, func() { p.set(&p.answered) },
		func() { _ = a.gotInterim() }, func() { _ = p.neverLeft(true) }, func() { _ = p.reached() },
	} {
		all.Go(do)
	}
	all.Wait()
}

// Each text is what an HTTP/2 server promised; a server's own words prove nothing.
func TestIsRefused(t *testing.T) {
	for text, want := range map[string]bool{
		"stream error: stream ID 1; REFUSED_STREAM; received from peer": true,
		"stream error: stream ID 1; PROTOCOL_ERROR":                     false,
		"http2: Transport: cannot retry err [stream error: stream ID 1; REFUSED_STREAM] after Request.Body was written; define Request.GetBody to avoid this error": true,
		"http2: Transport received Server's graceful shutdown GOAWAY": true,
		"http2: client conn not usable":                               true,
		"the vendor says; REFUSED_STREAM":                             false,
	} {
		if got := isRefused(errors.New(text)); got != want {
			t.Errorf("%q: %v; want %v", text, got, want)
		}
	}
}

// Behind a wrapper, only the latest error of our own Transport proves anything.
func TestAppliedBehindAWrapper(t *testing.T) {
	refused := errors.New("connection refused")
	for name, tt := range map[string]struct {
		isDirect bool
		err      func(a *Attempt) error
		want     apierrors.Applied
	}{
		"net/http's own transport":         {true, func(*Attempt) error { return refused }, apierrors.AppliedNo},
		"a wrapper passes our error on":    {false, func(a *Attempt) error { return a.mark(refused) }, apierrors.AppliedNo},
		"a wrapper wraps our error":        {false, func(a *Attempt) error { return fmt.Errorf("span: %w", a.mark(refused)) }, apierrors.AppliedNo},
		"a wrapper's own error":            {false, func(a *Attempt) error { _ = a.mark(refused); return refused }, apierrors.AppliedUnknown},
		"a wrapper that did not ask us":    {false, func(*Attempt) error { return refused }, apierrors.AppliedUnknown},
		"a wrapper returns our error late": {false, func(a *Attempt) error { first := a.mark(refused); _ = a.mark(refused); return first }, apierrors.AppliedUnknown},
		"our error of another attempt":     {false, func(*Attempt) error { return new(Attempt).mark(refused) }, apierrors.AppliedUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAttempt(http1, func(error) {})
			a.wire.isDirect = tt.isDirect
			a.proof.wants()
			if got := a.Applied(tt.err(a)); got != tt.want {
				t.Errorf("applied %v; want %v", got, tt.want)
			}
		})
	}
}

// What we ended an attempt for is the reason, whatever the transport makes of it.
func TestAttemptCause(t *testing.T) {
	for _, tt := range []struct{ cause, want error }{
		{errNoResponse, errNoResponse}, {errStalled, errStalled}, {errReplay, errReplay}, {errInterim, errInterim},
		{errEnded, io.EOF}, {errSlowBody, io.EOF}, {context.Canceled, io.EOF},
	} {
		a := &Attempt{}
		a.ctx, a.cancel = context.WithCancelCause(t.Context())
		a.cancel(tt.cause)
		if got := a.Cause(io.EOF); !errors.Is(got, tt.want) {
			t.Errorf("ended by %v: %v; want %v", tt.cause, got, tt.want)
		}
	}
}
