package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Bounds of a new transport. A connection over HTTP/2 that went dead is found by a ping, as
// it would be used for each request otherwise.
const (
	pingAfter   = 15 * time.Second // without a frame
	pingTimeout = 15 * time.Second

	idleConnections = 100       // net/http keeps 2 for each host, and opens thousands under load
	maxHeaderBytes  = 256 << 10 // of a response; net/http allows 10 MiB
)

// NewTransport returns a transport with the settings of http.DefaultTransport and bounds of
// ours.
func NewTransport() *http.Transport {
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		t = standard.Clone()
	}
	t.MaxIdleConns, t.MaxIdleConnsPerHost = idleConnections, idleConnections
	t.MaxResponseHeaderBytes = maxHeaderBytes
	t.OnProxyConnectResponse = onProxyConnectResponse
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout}
	return t
}

// Meter makes t's connections count what is written to them. It is called once, before the
// first request.
func Meter(t *http.Transport) {
	dial := t.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	t.DialContext = metered(dial, t)
}

// Mark marks an error that net/http's own transport returned for a request of an Attempt.
// If the Attempt gets the marked error through a wrapper, it knows everything that was
// sent. Another error, or nil, is returned as it is.
func Mark(req *http.Request, err error) error {
	if a, ok := req.Context().Value(attemptKey{}).(*Attempt); ok && err != nil {
		return a.mark(err)
	}
	return err
}

// A markedError is an error of net/http's own transport for one Attempt.
type markedError struct{ error }

func (e *markedError) Unwrap() error { return e.error }

// mark notes err as the latest of net/http's own transport.
func (a *Attempt) mark(err error) error {
	a.proof.mu.Lock()
	defer a.proof.mu.Unlock()
	a.marked = &markedError{err}
	return a.marked
}

// isWhole reports whether err is all that became of the attempt: net/http's own transport
// returned it, or a wrapper passes on the latest that was marked.
func (a *Attempt) isWhole(err error) bool {
	if a.wire.isDirect {
		return true
	}
	a.proof.mu.Lock()
	defer a.proof.mu.Unlock()
	marked, ok := errors.AsType[*markedError](err)
	return ok && marked == a.marked
}

// A Wire sends requests by one transport. It is safe for concurrent use.
type Wire struct {
	transport http.RoundTripper
	standard  *http.Transport // transport, if that is net/http's own
	isDirect  bool            // it is
	isOwned   bool            // nobody else has it
}

// New returns a Wire that sends by rt, or by a new transport of its own if rt is nil.
func New(rt http.RoundTripper) *Wire {
	w := &Wire{transport: rt, isOwned: rt == nil}
	if w.isOwned {
		t := NewTransport()
		Meter(t)
		w.transport = t
	}
	w.standard, w.isDirect = w.transport.(*http.Transport)
	return w
}

// IsDirect reports whether the transport is net/http's own, without a wrapper.
func (w *Wire) IsDirect() bool { return w.isDirect }

// Close closes idle connections, unless the transport is the caller's.
func (w *Wire) Close() {
	if w.isOwned {
		w.standard.CloseIdleConnections()
	}
}

// A ProxyError is what a proxy answered to a CONNECT, if that was not 200.
type ProxyError struct {
	Status int
	Host   string // of the proxy
}

func (e *ProxyError) Error() string {
	return fmt.Sprintf("proxy %s answered CONNECT with %d %s", e.Host, e.Status, http.StatusText(e.Status))
}

// onProxyConnectResponse is a hook of net/http's transport, whose own error has no type.
func onProxyConnectResponse(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &ProxyError{Status: resp.StatusCode, Host: proxy.Host}
}
