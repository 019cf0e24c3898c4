package client

import (
	"net/http"
	"sync"

	"github.com/retrywise/retrywise/internal/wire"
)

// A Transport is net/http's Transport that can prove that a request was not sent: then it is
// retried even if it is a write that must not be executed twice. A wrapper around it, such
// as one for traces, keeps the proof if it returns the Transport's errors, wrapped or not.
//
// Make one with [NewTransport]. The fields of the http.Transport in it may be set before
// the first request. A DialTLSContext weakens the proof, as its connections cannot be
// watched. A Transport is safe for concurrent use.
type Transport struct {
	*http.Transport
	metered sync.Once
}

// NewTransport returns a Transport with the settings of http.DefaultTransport, a pool of
// 100 idle connections, and at most 256 KiB of response headers. A Client without
// Config.Transport makes one for itself. Use it below a wrapper:
//
//	t := client.NewTransport()
//	t.Proxy = http.ProxyURL(proxy)
//	c, err := client.New(client.Config{Transport: otelhttp.NewTransport(t)})
func NewTransport() *Transport { return &Transport{Transport: wire.NewTransport()} }

// RoundTrip implements http.RoundTripper. It marks the errors of a Client's requests, by
// which the Client recognises them behind a wrapper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.standard().RoundTrip(req)
	return resp, wire.Mark(req, err)
}

// standard returns net/http's transport, whose connections count what is written to them.
func (t *Transport) standard() *http.Transport {
	t.metered.Do(func() { wire.Meter(t.Transport) })
	return t.Transport
}
