package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A wire without a transport of the caller's makes one, and closes its idle connections.
func TestWireClose(t *testing.T) {
	for name, tt := range map[string]struct {
		isOwned bool
		conns   int // for a request before Close and one after it
	}{
		"own transport":    {true, 2},
		"caller transport": {false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			srv, err := retrywisetest.Start(retrywisetest.Text(200, "text"))
			if err != nil {
				t.Fatal(err)
			}
			defer srv.Close()
			w := New(srv.Transport())
			if tt.isOwned {
				w = New(nil)
			}
			if !w.IsDirect() {
				t.Error("a wire by an http.Transport is not direct")
			}
			for range 2 {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL(), nil)
				if err != nil {
					t.Fatal(err)
				}
				_, resp, err := send(t, w, req)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				w.Close()
			}
			if got := srv.Conns(); got != tt.conns {
				t.Errorf("%d connections; want %d", got, tt.conns)
			}
		})
	}
	if New(roundTripper(nil)).IsDirect() {
		t.Error("a wire by a wrapper is direct")
	}
}

// A new transport has the settings of http.DefaultTransport, if that is net/http's, and the
// bounds of this package in any case.
func TestNewTransport(t *testing.T) {
	standard := http.DefaultTransport
	defer func() { http.DefaultTransport = standard }()
	for name, replace := range map[string]http.RoundTripper{"net/http's default": standard, "a replaced default": roundTripper(nil)} {
		t.Run(name, func(t *testing.T) {
			http.DefaultTransport = replace
			got := NewTransport()
			if got.Proxy == nil || !got.ForceAttemptHTTP2 {
				t.Errorf("proxy %v, HTTP/2 %v; want both", got.Proxy != nil, got.ForceAttemptHTTP2)
			}
			if got.MaxIdleConns != idleConnections || got.MaxIdleConnsPerHost != idleConnections || got.MaxResponseHeaderBytes != maxHeaderBytes {
				t.Errorf("bounds %d, %d, %d; want %d, %d, %d", got.MaxIdleConns, got.MaxIdleConnsPerHost, got.MaxResponseHeaderBytes, idleConnections, idleConnections, maxHeaderBytes)
			}
		})
	}
}

// Connections of a metered transport count what is written to them, whatever dials them.
func TestMeter(t *testing.T) {
	srv, err := retrywisetest.Start(retrywisetest.Status(204))
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	failing := func(context.Context, string, string) (net.Conn, error) { return nil, errOfTheTest }
	for name, tt := range map[string]struct {
		dial dialer
		err  error
	}{
		"default dialer": {nil, nil},
		"own dialer":     {new(net.Dialer).DialContext, nil},
		"failing dialer": {failing, errOfTheTest},
	} {
		t.Run(name, func(t *testing.T) {
			transport := &http.Transport{DialContext: tt.dial}
			Meter(transport)
			defer transport.CloseIdleConnections()
			conn, err := transport.DialContext(t.Context(), "tcp", srv.URL()[len("http://"):])
			if !errors.Is(err, tt.err) {
				t.Fatalf("got error %v; want %v", err, tt.err)
			}
			if err != nil {
				return
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, "GET"); err != nil {
				t.Fatal(err)
			}
			if m := meterOf(conn); m == nil || m.transport != transport || m.written.Load() != 1 {
				t.Errorf("meter %+v; want one of the transport that counted 1 Write", m)
			}
		})
	}
}

// Mark marks an error of an attempt's request, and returns any other as it is.
func TestMark(t *testing.T) {
	plain := newRequest(t, http.MethodGet, nil)
	if got := Mark(plain, errOfTheTest); got != errOfTheTest { //nolint:errorlint // it must not be wrapped
		t.Errorf("without an attempt: %v; want the error as it is", got)
	}
	var marked, none error
	a, _, err := send(t, New(roundTripper(func(r *http.Request) (*http.Response, error) { //nolint:bodyclose // there is no response
		marked, none = Mark(r, errOfTheTest), Mark(r, nil)
		return nil, marked
	})), plain)
	if none != nil || !errors.Is(marked, errOfTheTest) || !errors.Is(err, marked) || a.marked != marked { //nolint:errorlint // the same mark
		t.Errorf("marked %v, none %v, returned %v; want the test's error marked, nil, the mark", marked, none, err)
	}
}
