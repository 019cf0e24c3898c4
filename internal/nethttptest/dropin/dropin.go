//go:build nethttp

// Package dropin is what the copy of net/http's tests calls in place of what it called.
package dropin

import (
	"crypto/tls"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/policy"
)

// standards has the transport below each RoundTripper that is a Client.
var standards sync.Map //nolint:gochecknoglobals // a test asks an http.Client for its transport

// Client returns a Client's HTTP in place of hc, with hc's settings.
func Client(hc *http.Client) *http.Client {
	transport := hc.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	retry := policy.Retry{Backoff: policy.Backoff{Base: time.Millisecond, Cap: time.Millisecond}}
	c, err := client.New(client.Config{Transport: transport, UserAgent: "Go-http-client/1.1", Policy: new(policy.Default().WithRetry(retry))})
	if err != nil {
		return nil // and the test fails
	}
	in := c.HTTP()
	in.Jar, in.Timeout = hc.Jar, hc.Timeout
	if hc.CheckRedirect != nil {
		in.CheckRedirect = hc.CheckRedirect
	}
	standards.Store(in.Transport, transport)
	return in
}

// Standard returns the transport below a RoundTripper.
func Standard(rt http.RoundTripper) *http.Transport {
	if below, ok := standards.Load(rt); ok {
		rt, _ = below.(http.RoundTripper)
	}
	t, _ := rt.(*http.Transport)
	return t
}

// RoundTripper returns a Client's RoundTripper in place of rt.
func RoundTripper(rt http.RoundTripper) http.RoundTripper {
	return Client(&http.Client{Transport: rt}).Transport
}

// ExportHttp2ConfigureServer has a server speak HTTP/2, as the function that net/http's tests
// call does.
func ExportHttp2ConfigureServer(s *http.Server, _ any) {
	if s.TLSConfig == nil {
		s.TLSConfig = &tls.Config{NextProtos: []string{"h2", "http/1.1"}}
	}
}

// ExportHttp2ConfigureTransport has a transport speak HTTP/2.
func ExportHttp2ConfigureTransport(t *http.Transport) error {
	t.ForceAttemptHTTP2 = true
	return nil
}

// CondSkipHTTP2 skips nothing.
func CondSkipHTTP2(testing.TB) {}
