package client

import (
	"net/http"

	"github.com/retrywise/retrywise/internal/wire"
)

// A Transport is net/http's Transport that can prove that a request was not sent, so that
// a write may be retried where nobody else can know that it is safe. A wrapper around it,
// such as one that makes traces, keeps the proof as long as it passes errors on, wrapped
// or as they are.
//
// Make one with [NewTransport]. The fields of the http.Transport in it may be set before
// the first request. A DialContext of your own weakens the proof, as its connections do
// not count what is written to them. A Transport is safe for concurrent use.
type Transport struct{ *http.Transport }

// NewTransport returns a Transport with the settings of http.DefaultTransport, a pool of
// 100 idle connections, and at most 256 KiB of response headers. A Client without
// Config.Transport makes one for itself.
//
//	t := client.NewTransport()
//	t.Proxy = http.ProxyURL(proxy)
//	c, err := client.New(client.Config{Transport: otelhttp.NewTransport(t)})
func NewTransport() *Transport { return &Transport{wire.NewTransport()} }

// RoundTrip sends req. For a request of a Client, it marks the error, by which the Client
// knows behind a wrapper that nothing else was sent.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.Transport.RoundTrip(req)
	return resp, wire.Mark(req, err)
}

// wireBy returns a wire by rt, or by a transport of its own if rt is nil.
func wireBy(rt http.RoundTripper) *wire.Wire {
	if t, ok := rt.(*Transport); ok {
		rt = t.Transport
	}
	return wire.New(rt)
}
