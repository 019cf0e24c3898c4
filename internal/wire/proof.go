package wire

import (
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A proof watches what leaves for one request, and stops net/http from repeating it.
//
// net/http repeats a request without a word when a reused connection breaks: over HTTP/1
// a read, and everything with an idempotency key; over HTTP/2 everything without a body,
// also a POST, if the stream is reset with PROTOCOL_ERROR. A repeat of a request that may
// have left is stopped here before it is written, as nobody would know of it and a write
// would happen twice. A transport that repeats a request after a response, such as for
// digest authentication, may do so.
type proof struct {
	mu              sync.Mutex
	wantConn        bool     // a connection was asked for
	gotConn         bool     // and there was one
	conns           int      // how many there were
	protocol        protocol // that it carries
	wroteField      bool     // a header was written to it or to an earlier one
	wrotePseudo     bool     // and it was a pseudo-header of HTTP/2
	wroteHeaders    bool     // the whole header section was written to it
	answered        bool     // the response began
	interim         int      // responses of 1xx before it
	sentEarlier     bool     // an earlier request of this attempt left, and got no response
	answeredEarlier bool     // an earlier request of this attempt got a response
	meter           *meter   // of the connection, if a metered dialer opened it and it carries HTTP/1
	written         int64    // what meter counted before this request
}

// maxInterim bounds the 1xx responses to one request. net/http has no bound if a trace
// listens to them.
const maxInterim = 32

var (
	errInterim = errors.New("too many 1xx responses")
	errReplay  = errors.New("the connection failed, and net/http was kept from repeating the request by itself")
)

func (p *proof) set(fact *bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*fact = true
}

// gotInterim counts a 1xx response.
func (a *Attempt) gotInterim() error {
	p := &a.proof
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.protocol == http2 { // net/http may still repeat the request
		p.answered = false
	}
	if p.interim++; p.interim > maxInterim {
		a.cancel(errInterim) // a hook of the caller's may replace the error that is returned
		return errInterim
	}
	return nil
}

// wrote learns the version of HTTP by the name of a header: those of HTTP/2 and HTTP/3 have
// some that begin with a colon (RFC 9113 section 8.3).
func (p *proof) wrote(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wroteField = true
	p.wrotePseudo = p.wrotePseudo || strings.HasPrefix(name, ":")
}

// isExclusive reports whether the connection carries this request alone. The caller holds
// the lock.
func (p *proof) isExclusive() bool {
	return p.protocol == http1 || p.protocol == protoUnknown && p.wroteField && !p.wrotePseudo
}

// wants notes that a connection is asked for.
func (p *proof) wants() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leaveConn()
	p.wantConn = true
}

// got notes the connection that was found. If the request left by an earlier one without
// a response, this one must not carry it: over HTTP/2, transports look at the context
// before they write; over HTTP/1 net/http does not, so the connection has to refuse. One
// that other requests may share is left alone.
func (a *Attempt) got(conn net.Conn) {
	p := &a.proof
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leaveConn() // HTTP/2 may take another connection without asking for one
	p.gotConn, p.conns, p.protocol = true, p.conns+1, a.wire.protocolOf(conn)
	if p.protocol == http1 {
		if p.meter = meterOf(conn); p.meter != nil {
			p.written = p.meter.written.Load()
		}
	}
	if !p.sentEarlier {
		return
	}
	a.cancel(errReplay)
	if p.isExclusive() && conn.SetWriteDeadline(time.Unix(1, 0)) != nil {
		_ = conn.Close() // it has no deadlines
	}
}

// leaveConn turns the facts about the present connection into those about earlier ones.
// The caller holds the lock.
func (p *proof) leaveConn() {
	p.sentEarlier = p.sentEarlier || (p.gotConn && p.wroteHeaders && !p.answered && !p.isUntouched())
	p.answeredEarlier = p.answeredEarlier || p.answered
	p.gotConn, p.wroteHeaders, p.answered, p.meter = false, false, false, nil
}

// isUntouched reports whether no whole header section was written to the connection.
func (p *proof) isUntouched() bool { return p.meter != nil && p.meter.written.Load() == p.written }

// neverLeft reports whether the server certainly has not got the request: there was no
// connection, or the header section was not written in full. Over HTTP/2 it may still be
// under way when the attempt has ended. A transport that found a way without a trace has
// read the body; one that got a response to an earlier request may have had it executed.
func (p *proof) neverLeft(bodyWasRead bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.wantConn, p.sentEarlier, p.answeredEarlier:
		return false
	case !p.gotConn:
		return !bodyWasRead
	default:
		return p.protocol == http1 && (!p.wroteHeaders || p.isUntouched())
	}
}

// conn returns the number of the present connection, and whether the header section was
// written to it. 0: there was none, as far as is known.
func (p *proof) conn() (number int, isWritten bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conns, p.wroteHeaders
}

// reached reports whether there was a connection.
func (p *proof) reached() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gotConn || p.sentEarlier || p.answeredEarlier
}

// refusedTexts are net/http's errors, which have no type, for a request that an HTTP/2
// server promised not to have processed (RFC 9113 section 8.7). REFUSED_STREAM is the same
// promise, but HAProxy breaks it: it passes the header on before the body has ended, and sends
// REFUSED_STREAM after its backend has executed that and closed the connection.
var refusedTexts = []string{
	"Server's graceful shutdown GOAWAY",
	"client conn not usable",
}

// errorPrefixes begin net/http's errors of HTTP/2. Other texts may hold the server's words.
var errorPrefixes = []string{
	"http2: Transport: cannot retry err [", "http2: Transport received ", "http2: client conn ",
}

// cannotRewind is net/http's error if no connection of HTTP/2 could take a request whose
// body has no GetBody, which is so for each of ours.
const cannotRewind = "net/http: cannot rewind body after connection loss"

// isRefused reports whether err is the promise of an HTTP/2 server that it did not
// process the request, or none was found that would.
func isRefused(err error) bool {
	text := err.Error()
	if text == cannotRewind {
		return true
	}
	contains := func(part string) bool { return strings.Contains(text, part) }
	hasPrefix := func(prefix string) bool { return strings.HasPrefix(text, prefix) }
	return slices.ContainsFunc(refusedTexts, contains) && slices.ContainsFunc(errorPrefixes, hasPrefix)
}

// Applied returns what an attempt that ended with err proves. AppliedNo: the request was
// not handed to the transport, certainly did not leave, or was refused unprocessed. Behind
// a wrapper of the caller's, only a marked error proves the latter two. A
// nil Attempt never began.
func (a *Attempt) Applied(err error) apierrors.Applied {
	if a == nil || !a.handed {
		return apierrors.AppliedNo
	}
	if a.isWhole(err) && (a.proof.neverLeft(a.bodyWasRead.Load()) || isRefused(err)) {
		return apierrors.AppliedNo
	}
	return apierrors.AppliedUnknown
}

// IsStale reports whether err is the fault of a connection that was no longer to be used:
// the server closed it before it processed the request, or net/http would have repeated
// the request on another one.
func (a *Attempt) IsStale(err error) bool {
	return errors.Is(err, errReplay) || a.isWhole(err) && isRefused(err)
}

// Reached reports whether the attempt had a connection. A nil Attempt had none.
func (a *Attempt) Reached() bool { return a != nil && a.proof.reached() }
