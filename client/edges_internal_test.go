package client

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Rows for TestProof.
func TestProofMore(t *testing.T) {
	type step = func(*proof, *meter)
	look := func(p *proof, _ *meter) { p.seek() }
	conn := func(p *proof, m *meter) { p.have(m) }
	write := func(_ *proof, m *meter) { _, _ = m.Write([]byte("x")) }
	begin := func(p *proof, _ *meter) { p.set(&p.begun) }
	answer := func(p *proof, _ *meter) { p.set(&p.answered) }
	for name, tt := range map[string]struct {
		steps     []step
		neverLeft bool
		stopped   bool
	}{
		"nothing was written, on a connection that was used before": {[]step{write, look, conn, begin}, true, false},
		"it was answered, and no other connection is had":           {[]step{look, conn, begin, write, answer, look}, false, false},
		"half the headers were written, and it begins again":        {[]step{look, conn, write, look, conn}, true, false},
		"nothing was written, and then half the headers":            {[]step{look, conn, begin, look, conn, write}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			defer func() { _, _ = ours.Close(), theirs.Close() }()
			go func() { _, _ = io.Copy(io.Discard, theirs) }()
			stopped := false
			p := &proof{stop: func(error) { stopped = true }, speech: func(net.Conn) speech { return http1 }}
			m := &meter{Conn: ours}
			for _, do := range tt.steps {
				do(p, m)
			}
			if p.neverLeft(false) != tt.neverLeft || stopped != tt.stopped {
				t.Errorf("never left %v, stopped %v; want %v and %v", p.neverLeft(false), stopped, tt.neverLeft, tt.stopped)
			}
		})
	}
}

// net/http tells of a request in goroutines of its own. (For -race.)
func TestAProofIsToldByMany(*testing.T) {
	p := &proof{stop: func(error) {}, speech: func(net.Conn) speech { return http2 }}
	var all sync.WaitGroup
	for _, do := range []func(){
		p.seek, func() { p.have(nil) }, func() { p.set(&p.begun) }, func() { p.set(&p.answered) },
		func() { _ = p.interimAnswer() }, func() { _ = p.neverLeft(true) }, func() { _ = p.reached() },
	} {
		all.Go(do)
	}
	all.Wait()
}

// counting is a connection that takes n bytes of a Write and then fails; it looks at the
// meter meanwhile.
type counting struct {
	net.Conn
	n      int
	meter  *meter
	during int64
}

func (c *counting) Write([]byte) (int, error) {
	c.during = c.meter.written.Load()
	return c.n, errors.New("broken")
}

// A meter says that nothing left only where that is so: it counts before anything can
// have left, and takes back only a Write that took nothing.
func TestAMeter(t *testing.T) {
	for _, tt := range []struct {
		taken int
		want  int64
	}{{0, 0}, {1, 1}} {
		conn := &counting{n: tt.taken}
		m := &meter{Conn: conn}
		conn.meter = m
		_, _ = m.Write([]byte("xy"))
		if conn.during != 1 || m.written.Load() != tt.want {
			t.Errorf("%d bytes taken: %d during the Write, %d after; want 1 and %d", tt.taken, conn.during, m.written.Load(), tt.want)
		}
	}
	m := &meter{}
	if meterOf(tls.Client(m, &tls.Config{MinVersion: tls.VersionTLS12})) != m || meterOf(m) != m || meterOf(&counting{}) != nil {
		t.Error("the meter is not found")
	}
}

// Each text is what an HTTP/2 server promised; one that a server put its words into is none.
func TestWhatAServerPromised(t *testing.T) {
	for text, want := range map[string]bool{
		"stream error: stream ID 1; REFUSED_STREAM; received from peer": true,
		"stream error: stream ID 1; PROTOCOL_ERROR":                     false,
		"http2: Transport: cannot retry err [stream error: stream ID 1; REFUSED_STREAM] after Request.Body was written; define Request.GetBody to avoid this error": true,
		"http2: Transport received Server's graceful shutdown GOAWAY": true,
		"http2: client conn not usable":                               true,
		"the vendor says; REFUSED_STREAM":                             false,
	} {
		if got := isRefusedByServer(errors.New(text)); got != want {
			t.Errorf("%q: %v; want %v", text, got, want)
		}
	}
}

// What we ended an attempt for is the reason, whatever the transport says of it.
func TestWhyAnAttemptEnded(t *testing.T) {
	for _, tt := range []struct{ cause, want error }{
		{errAttemptTimeout, errAttemptTimeout}, {errStalled, errStalled}, {errReplay, errReplay},
		{errEnded, io.EOF}, {errSlow, io.EOF}, {context.Canceled, io.EOF},
	} {
		a := &attempt{}
		a.ctx, a.cancel = context.WithCancelCause(t.Context())
		a.cancel(tt.cause)
		if got := a.why(io.EOF); !errors.Is(got, tt.want) {
			t.Errorf("ended by %v: %v; want %v", tt.cause, got, tt.want)
		}
	}
}

// A clock that was stopped while it was about to go on stays so.
func TestAStoppedClockStaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		var c attemptClock
		c.run(time.Minute, func(error) { ended = true })
		c.stop()
		c.again(time.Second)
		time.Sleep(time.Hour) // virtual
		if ended {
			t.Error("it went on")
		}
	})
}
