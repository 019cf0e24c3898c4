package client

import (
	"context"
	"errors"
	"net"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A proof watches over one request on its way to the wire: what left, and that net/http
// does not send it again by itself.
//
// net/http repeats a request behind its caller's back when a connection that had been
// used before breaks: over HTTP/1 a read, and anything with an idempotency key; over
// HTTP/2 anything without a body, a POST as well, if the stream is reset with
// PROTOCOL_ERROR. A repeat of a request that may have left is stopped here, before it is
// written: it would be told to nobody, and a write would happen twice. A transport that
// sends again after an answer, such as for digest authentication, may do so.
type proof struct {
	stop   context.CancelCauseFunc // ends the attempt
	speech func(net.Conn) speech   // of a connection

	mu       sync.Mutex
	sought   bool   // a connection was looked for
	had      bool   // and one was had
	speaks   speech // what it speaks
	begun    bool   // the whole header section was written to it
	answered bool   // an answer began to come
	interim  int    // answers of 1xx before it
	left     bool   // an earlier request of this attempt left, and got no answer
	was      bool   // an earlier request of this attempt was answered
	meter    *meter // of the connection, if it is one of ours and speaks HTTP/1
	before   int64  // what the connection had carried before
}

// maxInterim bounds the 1xx answers to one request, as net/http does not where it is
// asked to tell of them.
const maxInterim = 32

var errInterim = errors.New("too many 1xx answers")

// traced is ctx with an eye on the attempt's connection, and on no other that is opened
// meanwhile, such as for a token.
func (p *proof) traced(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:              func(string) { p.seek() },
		GotConn:              func(info httptrace.GotConnInfo) { p.have(info.Conn) },
		WroteHeaders:         func() { p.set(&p.begun) },
		GotFirstResponseByte: func() { p.set(&p.answered) },
		Got1xxResponse:       func(int, textproto.MIMEHeader) error { return p.interimAnswer() },
	})
}

func (p *proof) set(fact *bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*fact = true
}

func (p *proof) interimAnswer() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.speaks == http2 { // over HTTP/2, net/http may still send it again
		p.answered = false
	}
	if p.interim++; p.interim > maxInterim {
		p.stop(errInterim) // as a hook of the caller's has the last word on what this returns
		return errInterim
	}
	return nil
}

// seek begins another try to reach the vendor.
func (p *proof) seek() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leave()
	p.sought = true
}

// have takes note of the connection that was found. If the request left by an earlier
// one and got no answer, this one is not to carry it: over HTTP/2, net/http looks at
// the context before it writes; over HTTP/1 it does not, so the connection is made to
// refuse.
func (p *proof) have(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leave() // HTTP/2 may take another connection without looking for one
	p.had, p.speaks = true, p.speech(conn)
	if p.speaks == http1 {
		if p.meter = meterOf(conn); p.meter != nil {
			p.before = p.meter.written.Load()
		}
	}
	if !p.left {
		return
	}
	p.stop(errReplay)
	if p.speaks != http2 && conn.SetWriteDeadline(time.Unix(1, 0)) != nil {
		_ = conn.Close() // it knows no deadlines
	}
}

// leave ends the look at the connection that was had last. The caller holds the lock.
func (p *proof) leave() {
	p.left = p.left || (p.had && p.begun && !p.answered && !p.untouched())
	p.was = p.was || p.answered
	p.had, p.begun, p.answered, p.meter = false, false, false, nil
}

// untouched reports whether the connection was given nothing of the request.
func (p *proof) untouched() bool { return p.meter != nil && p.meter.written.Load() == p.before }

// neverLeft reports whether it is certain that the server has not got the request: it
// had no connection, or not the whole header section was written. Over HTTP/2 that may
// be under way still when the attempt has ended. A transport that has found another way,
// which it tells nothing of, has read the body; one that sent something before, and got
// an answer, may have had it executed then.
func (p *proof) neverLeft(bodyWasRead bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.sought, p.left, p.was:
		return false
	case !p.had:
		return !bodyWasRead
	default:
		return p.speaks == http1 && (!p.begun || p.untouched())
	}
}

// reached reports whether a connection was had.
func (p *proof) reached() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.had || p.left || p.was
}

// refusedByServer are texts of net/http, which have no type, for a request that an
// HTTP/2 server promised not to have processed (RFC 9113 section 8.7).
var refusedByServer = []string{
	"; REFUSED_STREAM",
	"Server's graceful shutdown GOAWAY",
	"client conn not usable",
}

// beginnings are those of net/http's failures of HTTP/2. Anything else may be the
// server's words.
var beginnings = []string{
	"http2: Transport: cannot retry err [", "stream error: stream ID ", "http2: Transport received ", "http2: client conn ",
}

// isRefusedByServer reports whether err is such a promise.
func isRefusedByServer(err error) bool {
	text := withoutURL(err).Error()
	says := func(part string) bool { return strings.Contains(text, part) }
	begins := func(part string) bool { return strings.HasPrefix(text, part) }
	return slices.ContainsFunc(refusedByServer, says) && slices.ContainsFunc(beginnings, begins)
}

// appliedByWire is what an attempt without an answer proves.
func (a *attempt) appliedByWire(err error) apierrors.Applied {
	if a == nil || !a.handed || a.proof.neverLeft(a.bodyWasRead.Load()) || isRefusedByServer(err) {
		return apierrors.AppliedNo
	}
	return apierrors.AppliedUnknown
}
