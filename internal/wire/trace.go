package wire

import (
	"context"
	"net/http/httptrace"
	"net/textproto"
	"sync"
)

// A tracedContext is the context of the request on the wire. Only that request has it, so
// that a connection for something else, such as a token, is not taken for the attempt's.
// The trace by which net/http reports to the attempt is made when a transport asks for it.
type tracedContext struct {
	context.Context
	attempt *Attempt
	once    sync.Once
	trace   *httptrace.ClientTrace
}

// attemptKey is the context key of the Attempt that a request belongs to.
type attemptKey struct{}

func (c *tracedContext) Value(key any) any {
	switch key {
	case attemptKey{}:
		return c.attempt
	case traceKey:
		c.once.Do(func() {
			c.trace = httptrace.ContextClientTrace(httptrace.WithClientTrace(c.Context, c.attempt.trace()))
		})
		return c.trace
	default:
		return c.Context.Value(key)
	}
}

// trace returns the hooks by which net/http reports to the attempt.
func (a *Attempt) trace() *httptrace.ClientTrace {
	p := &a.proof
	t := &httptrace.ClientTrace{
		GetConn:              func(string) { p.wants() },
		GotConn:              func(info httptrace.GotConnInfo) { a.got(info.Conn) },
		WroteHeaders:         func() { p.set(&p.wroteHeaders) },
		GotFirstResponseByte: func() { p.set(&p.answered) },
		Got1xxResponse:       func(int, textproto.MIMEHeader) error { return a.gotInterim() },
	}
	if !a.wire.isDirect { // net/http's own transport need not say it
		t.WroteHeaderField = func(name string, _ []string) { p.wrote(name) }
	}
	return t
}

// traceKey is the key under which httptrace looks for a trace in a context.
var traceKey = keyOfTrace()

func keyOfTrace() any {
	probe := &keyProbe{Context: context.Background()}
	httptrace.ContextClientTrace(probe)
	return probe.key
}

// A keyProbe is a context that remembers the key that it was asked for.
type keyProbe struct {
	context.Context
	key any
}

func (p *keyProbe) Value(key any) any {
	p.key = key
	return nil
}
