package wire

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// newAttempt returns an attempt that was given to a transport whose connections carry p. No
// hook of its trace was called yet.
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

// What the hooks of a trace report of one request, and what that proves.
func TestProof(t *testing.T) {
	type step = func(*Attempt, *meter)
	getConn := func(a *Attempt, _ *meter) { a.proof.wants() }
	gotConn := func(a *Attempt, m *meter) { a.got(m) }
	unmetered := func(a *Attempt, m *meter) { a.got(m.Conn) }
	write := func(_ *Attempt, m *meter) { _, _ = m.Write([]byte("x")) }
	headers := func(a *Attempt, _ *meter) { a.proof.set(&a.proof.wroteHeaders) }
	respond := func(a *Attempt, _ *meter) { a.proof.set(&a.proof.answered) }
	hint := func(a *Attempt, _ *meter) { _ = a.gotInterim() }
	field := func(name string) step { return func(a *Attempt, _ *meter) { a.proof.wrote(name) } }
	for name, tt := range map[string]struct {
		protocol  protocol
		steps     []step
		neverLeft bool
		stopped   bool
	}{ // a stopped request's connection takes no Write over HTTP/1
		"no hook is called":                               {http1, nil, false, false},
		"no connection":                                   {http1, []step{getConn}, true, false},
		"nothing was written":                             {http1, []step{getConn, gotConn, headers}, true, false},
		"part of the headers was written":                 {http1, []step{getConn, gotConn, write}, true, false},
		"it was written":                                  {http1, []step{getConn, gotConn, headers, write}, false, false},
		"headers, connection without a meter":             {http1, []step{getConn, unmetered, headers}, false, false},
		"part of the headers, connection without a meter": {http1, []step{getConn, unmetered}, true, false},
		"over HTTP/2, it may be under way":                {http2, []step{getConn, gotConn}, false, false},
		"nothing was written, then it was":                {http1, []step{getConn, gotConn, headers, getConn, gotConn, headers, write}, false, false},
		"nothing was written, twice":                      {http1, []step{getConn, gotConn, headers, getConn, gotConn, headers}, true, false},
		"it was written, then it is repeated":             {http1, []step{getConn, gotConn, headers, write, getConn, gotConn}, false, true},
		"the same by an unknown protocol":                 {protoUnknown, []step{getConn, unmetered, headers, getConn, unmetered}, false, true},
		"the same, with the headers of HTTP/2":            {protoUnknown, []step{getConn, unmetered, field(":method"), field("accept"), headers, getConn, unmetered}, false, true},
		"the same, with the headers of HTTP/1":            {protoUnknown, []step{getConn, unmetered, field("Host"), headers, getConn, unmetered}, false, true},
		"unknown protocol":                                {protoUnknown, []step{getConn, unmetered}, false, false},
		"it was written, then no connection":              {http1, []step{getConn, gotConn, headers, write, getConn}, false, false},
		"over HTTP/2, repeated on the same connection":    {http2, []step{getConn, gotConn, headers, gotConn}, false, true},
		"response, then repeated":                         {http1, []step{getConn, gotConn, headers, write, respond, getConn, gotConn}, false, false},
		"over HTTP/2, early hint, then repeated":          {http2, []step{getConn, gotConn, headers, respond, hint, getConn, gotConn}, false, true},
		"over HTTP/1, early hint, then repeated":          {http1, []step{getConn, gotConn, headers, write, respond, hint, getConn, gotConn}, false, false},

		"nothing was written on a reused connection":    {http1, []step{write, getConn, gotConn, headers}, true, false},
		"response, then no connection":                  {http1, []step{getConn, gotConn, headers, write, respond, getConn}, false, false},
		"part of the headers, then repeated":            {http1, []step{getConn, gotConn, write, getConn, gotConn}, true, false},
		"nothing was written, then part of the headers": {http1, []step{getConn, gotConn, headers, getConn, gotConn, write}, true, false},
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
				t.Errorf("never left: %v, stopped: %v; want %v, %v", a.proof.neverLeft(false), stopped, tt.neverLeft, tt.stopped)
			}
			isHTTP1 := tt.protocol == http1 || strings.HasSuffix(name, "HTTP/1")
			if _, err := m.Write([]byte("x")); (err != nil) != (stopped && isHTTP1) {
				t.Errorf("another Write: got error %v; want one if it was stopped over HTTP/1", err)
			}
		})
	}
}

// A connection that must not carry a repeat refuses Writes by a deadline, or is closed if it
// has no deadlines.
func TestProofStopsConnections(t *testing.T) {
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"with deadlines":    func(c net.Conn) net.Conn { return c },
		"without deadlines": func(c net.Conn) net.Conn { return noDeadlines{c} },
	} {
		ours, theirs := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, theirs) }()
		a := newAttempt(http1, func(error) {})
		a.proof.sentEarlier = true
		conn := wrap(ours)
		a.got(conn)
		if _, err := conn.Write([]byte("x")); err == nil {
			t.Errorf("%s: a Write of a repeat succeeded", name)
		}
		_, _ = ours.Close(), theirs.Close()
	}
}

// noDeadlines is a connection without deadlines, such as one through an SSH tunnel.
type noDeadlines struct{ net.Conn }

func (noDeadlines) SetWriteDeadline(time.Time) error { return errors.New("not supported") }

// A transport that has read the body may have sent it without a connection of the trace.
func TestProofOfTheBody(t *testing.T) {
	p := &proof{}
	if p.wants(); p.neverLeft(true) || !p.neverLeft(false) {
		t.Error("without a connection: it never left although the body was read, or left although it was not")
	}
}

// The number of 1xx responses is bounded.
func TestProofBoundsInterimResponses(t *testing.T) {
	stopped := false
	a := newAttempt(http1, func(error) { stopped = true })
	for range maxInterim {
		if err := a.gotInterim(); err != nil {
			t.Fatal(err)
		}
	}
	if a.gotInterim() == nil || !stopped {
		t.Errorf("the attempt goes on after %d interim responses", maxInterim+1)
	}
}

// net/http calls the hooks from several goroutines. (For -race.)
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

// Which errors are promises of an HTTP/2 server. A text from the server itself proves nothing.
func TestIsRefused(t *testing.T) {
	for text, want := range map[string]bool{
		"stream error: stream ID 1; REFUSED_STREAM; received from peer":                                                                   false,
		"stream error: stream ID 1; PROTOCOL_ERROR":                                                                                       false,
		"http2: Transport: cannot retry err [http2: Transport received Server's graceful shutdown GOAWAY] after Request.Body was written": true,
		"http2: Transport received Server's graceful shutdown GOAWAY":                                                                     true,
		"http2: client conn not usable":                                                                                                   true,
		"net/http: cannot rewind body after connection loss":                                                                              true,
		"the vendor says: Server's graceful shutdown GOAWAY":                                                                              false,
	} {
		if got := isRefused(errors.New(text)); got != want {
			t.Errorf("%q: got %v; want %v", text, got, want)
		}
	}
}

// A GOAWAY says which streams were not processed. REFUSED_STREAM says nothing.
func TestAttemptAppliedByAPromise(t *testing.T) {
	const (
		reset  = "http2: Transport: cannot retry err [stream error: stream ID 1; REFUSED_STREAM; received from peer] after Request.Body was written; define Request.GetBody to avoid this error"
		goAway = "http2: Transport: cannot retry err [http2: Transport received Server's graceful shutdown GOAWAY] after Request.Body was written; define Request.GetBody to avoid this error"
	)
	for name, tt := range map[string]struct {
		err   error
		want  apierrors.Applied
		stale bool
	}{
		"REFUSED_STREAM":           {errors.New(reset), apierrors.AppliedUnknown, false},
		"GOAWAY":                   {errors.New(goAway), apierrors.AppliedNo, true},
		"repeat that was stopped":  {errReplay, apierrors.AppliedUnknown, true},
		"reset for another reason": {errors.New("stream error: stream ID 1; CANCEL; received from peer"), apierrors.AppliedUnknown, false},
	} {
		a := newAttempt(http2, func(error) {})
		if applied, stale := a.Applied(tt.err), a.IsStale(tt.err); applied != tt.want || stale != tt.stale {
			t.Errorf("%s: applied %v, stale connection: %v; want %v, %v", name, applied, stale, tt.want, tt.stale)
		}
	}
}

// Behind a wrapper, only the latest marked error proves anything.
func TestAttemptAppliedBehindAWrapper(t *testing.T) {
	refused := errors.New("connection refused")
	for name, tt := range map[string]struct {
		isDirect bool
		err      func(a *Attempt) error
		want     apierrors.Applied
	}{
		"no wrapper":                      {true, func(*Attempt) error { return refused }, apierrors.AppliedNo},
		"returns the mark":                {false, func(a *Attempt) error { return a.mark(refused) }, apierrors.AppliedNo},
		"wraps the mark":                  {false, func(a *Attempt) error { return fmt.Errorf("span: %w", a.mark(refused)) }, apierrors.AppliedNo},
		"returns another error":           {false, func(a *Attempt) error { _ = a.mark(refused); return refused }, apierrors.AppliedUnknown},
		"returns an error without a mark": {false, func(*Attempt) error { return refused }, apierrors.AppliedUnknown},
		"returns an earlier mark":         {false, func(a *Attempt) error { first := a.mark(refused); _ = a.mark(refused); return first }, apierrors.AppliedUnknown},
		"returns another attempt's mark":  {false, func(*Attempt) error { return new(Attempt).mark(refused) }, apierrors.AppliedUnknown},
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
