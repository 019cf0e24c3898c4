package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A wire is a transport that is a function.
type wire func(*http.Request) (*http.Response, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

// onWire returns a client of the shop that sends by w.
func onWire(t testing.TB, w wire, cfg client.Config) *client.Client {
	t.Helper()
	cfg.BaseURL, cfg.Transport = "http://vendor.test", w
	return newClient(t, nil, cfg)
}

// okWire responds with an empty 200 at once.
func okWire(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

// silent is a transport that returns err and calls no hook of httptrace.
type silent struct{ err error }

func (s silent) RoundTrip(*http.Request) (*http.Response, error) { return nil, s.err }

// failing returns a transport whose first dials fail with err, and later ones reach srv.
func failing(srv *retrywisetest.Server, times int, err error) http.RoundTripper {
	wire := srv.Transport().Clone()
	dial := wire.DialContext
	wire.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if times--; times >= 0 {
			return nil, err
		}
		return dial(ctx, network, address)
	}
	return wire
}

// refusing returns a transport whose dials all fail.
func refusing() *http.Transport {
	return &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("refused") }}
}

// origins is a transport to several servers, by scheme and host.
type origins map[string]*retrywisetest.Server

func (o origins) RoundTrip(r *http.Request) (*http.Response, error) {
	srv, ok := o[r.URL.Scheme+"://"+r.URL.Host]
	if !ok {
		return nil, fmt.Errorf("no server at %s", r.URL.Host)
	}
	return srv.Transport().RoundTrip(r)
}

// closedPort returns an address that refuses connections.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// A door is a way to send a request.
type door func(*client.Client, *http.Request) (*http.Response, error)

// by returns the door of c.
func (d door) by(c *client.Client) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) { return d(c, req) }
}

// doors are Send and HTTP, by name.
var doors = map[string]door{
	"Send": (*client.Client).Send,
	"HTTP": func(c *client.Client, r *http.Request) (*http.Response, error) { return c.HTTP().Do(r) },
	"HTTP with a CheckRedirect of the caller's": func(c *client.Client, r *http.Request) (*http.Response, error) {
		hc := c.HTTP()
		hc.CheckRedirect = nil // net/http follows everything
		return hc.Do(r)
	},
}
