package ledgertest

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/retrywise/retrywise/client"
	"golang.org/x/net/http2"
)

// A way is how a client reaches its servers.
type way struct {
	name   string
	secure bool
	http2  bool
	noALPN bool // the servers speak HTTP/2 to everybody
	// transport returns the client's; nil: one of its own.
	transport func(reach) http.RoundTripper
}

// A reach is how a transport reaches servers.
type reach struct {
	trust *tls.Config
	dial  dialer // nil: over TCP
	quick bool   // no Write takes time: in virtual time, TLS and HTTP/2 would wait for ever behind their locks
}

var ways = []way{
	{name: "HTTP/1.1", transport: own},
	{name: "HTTP/1.1 that dials badly", transport: ours},
	{name: "HTTP/1.1, net/http's", transport: standard},
	{name: "HTTP/1.1, wrapped", transport: wrapped(ours)},
	{name: "HTTP/1.1, net/http's wrapped", transport: wrapped(standard)},
	{name: "HTTP/1.1, a fallback", transport: withFallback},
	{name: "HTTP/1.1 over TLS", secure: true, transport: ours},
	{name: "HTTP/2", secure: true, http2: true, transport: ours},
	{name: "HTTP/2, net/http's", secure: true, http2: true, transport: standard},
	{name: "HTTP/2, wrapped", secure: true, http2: true, transport: wrapped(ours)},
	{name: "HTTP/2, net/http's wrapped", secure: true, http2: true, transport: wrapped(standard)},
	{name: "HTTP/2, x/net's", secure: true, http2: true, transport: ofXNet},
	{name: "HTTP/2, x/net's without ALPN", secure: true, http2: true, noALPN: true, transport: ofXNetWithoutALPN},
	{name: "HTTP/2 without TLS", http2: true, transport: withoutTLS},
	{name: "HTTP/2 without TLS, x/net's", http2: true, transport: ofXNetWithoutTLS},
}

// own has the client make its transport, if that reaches the servers.
func own(r reach) http.RoundTripper {
	if r.dial == nil {
		return nil
	}
	t := client.NewTransport()
	t.DialContext = r.dial
	return t
}

// ours returns the package's transport over a network in which dials fail.
func ours(r reach) http.RoundTripper {
	t := client.NewTransport()
	t.TLSClientConfig, t.DialContext = r.trust, flaky(r)
	return t
}

func standard(r reach) http.RoundTripper {
	return &http.Transport{TLSClientConfig: r.trust, ForceAttemptHTTP2: true, DialContext: flaky(r), MaxIdleConnsPerHost: workers}
}

func withoutTLS(r reach) http.RoundTripper {
	t := &http.Transport{Protocols: &http.Protocols{}, DialContext: flaky(r)}
	t.Protocols.SetUnencryptedHTTP2(true)
	return t
}

// xNet is what programs use that speak HTTP/2 by prior knowledge, or tune it.
type xNet = http2.Transport //nolint:staticcheck // deprecated, and still in use

func ofXNet(r reach) http.RoundTripper {
	return &xNet{TLSClientConfig: r.trust, DialTLSContext: func(ctx context.Context, network, address string, config *tls.Config) (net.Conn, error) {
		return dialTLS(ctx, r.reachable(), network, address, config)
	}}
}

// ofXNetWithoutALPN returns a transport whose connections do not say what they carry.
func ofXNetWithoutALPN(r reach) http.RoundTripper {
	dial := flaky(r)
	return &xNet{DialTLSContext: func(ctx context.Context, network, address string, _ *tls.Config) (net.Conn, error) {
		config := r.trust.Clone()
		config.ServerName, config.NextProtos = "127.0.0.1", nil
		return dialTLS(ctx, dial, network, address, config)
	}}
}

func dialTLS(ctx context.Context, dial dialer, network, address string, config *tls.Config) (net.Conn, error) {
	conn, err := dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

func ofXNetWithoutTLS(r reach) http.RoundTripper {
	dial := flaky(r)
	return &xNet{AllowHTTP: true, DialTLSContext: func(ctx context.Context, network, address string, _ *tls.Config) (net.Conn, error) {
		return dial(ctx, network, address)
	}}
}

// A wrapper is a transport around another, such as one for traces.
type wrapper struct{ http.RoundTripper }

func (w wrapper) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.RoundTripper.RoundTrip(req.Clone(req.Context()))
	if err != nil {
		return nil, fmt.Errorf("wrapped: %w", err)
	}
	return resp, nil
}

// CloseIdleConnections implements what http.Client looks for.
func (w wrapper) CloseIdleConnections() { closeIdle(w.RoundTripper) }

func wrapped(transport func(reach) http.RoundTripper) func(reach) http.RoundTripper {
	return func(r reach) http.RoundTripper { return wrapper{transport(r)} }
}

// A fallback is a transport that finds no way by its first transport, and takes the second
// without a trace.
type fallback struct {
	first  http.RoundTripper
	second *http.Transport
}

func withFallback(r reach) http.RoundTripper {
	blocked := client.NewTransport()
	blocked.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, errFlaky }
	// Without a trace, the client could not keep net/http from repeating a request on
	// another connection.
	return fallback{blocked, &http.Transport{TLSClientConfig: r.trust, DialContext: flaky(r), DisableKeepAlives: true}}
}

func (f fallback) RoundTrip(req *http.Request) (*http.Response, error) {
	body := req.Body
	attempt := req.Clone(req.Context())
	if body != nil {
		attempt.Body = io.NopCloser(body)
	}
	if resp, err := f.first.RoundTrip(attempt); err == nil {
		return resp, nil
	}
	return f.second.RoundTrip(req.WithContext(untraced{req.Context()}))
}

// An untraced context has no values.
type untraced struct{ context.Context }

func (untraced) Value(any) any { return nil }

func closeIdle(rt http.RoundTripper) {
	if c, ok := rt.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
