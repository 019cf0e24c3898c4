package wire

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A countingConn writes n bytes and then fails. It records the meter's count during a Write.
type countingConn struct {
	net.Conn
	n      int
	meter  *meter
	during int64
}

func (c *countingConn) Write([]byte) (int, error) {
	c.during = c.meter.written.Load()
	return c.n, errors.New("broken")
}

// A meter counts a Write before it writes, and takes that back only if the Write failed before
// the end of a header section. Bytes of TLS are whole or nothing.
func TestMeterCounts(t *testing.T) {
	request := "GET / HTTP/1.1\r\n\r\nbody"
	for _, tt := range []struct {
		text  string
		taken int
		want  int64
	}{
		{request, 0, 0}, {request, 1, 0}, {request, 17, 0}, {request, 18, 1}, {request, 20, 1}, {request, 22, 1},
		{"record", 5, 0}, {"record", 6, 1}, {"record", -1, 0},
	} {
		conn := &countingConn{n: tt.taken}
		m := &meter{Conn: conn}
		conn.meter = m
		_, _ = m.Write([]byte(tt.text))
		if conn.during != 1 || m.written.Load() != tt.want {
			t.Errorf("%d bytes written: count %d during the Write, %d after it; want 1, %d", tt.taken, conn.during, m.written.Load(), tt.want)
		}
	}
	m := &meter{}
	if meterOf(tls.Client(m, &tls.Config{MinVersion: tls.VersionTLS12})) != m || meterOf(m) != m || meterOf(&countingConn{}) != nil {
		t.Error("meterOf does not find the meter of a connection, or finds one that is not there")
	}
}

// A meter passes CloseWrite on to a connection that has it, as a TCP connection does.
func TestMeterCloseWrite(t *testing.T) {
	ours, theirs := net.Pipe()
	defer func() { _, _ = ours.Close(), theirs.Close() }()
	if err := (&meter{Conn: ours}).CloseWrite(); !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("of a pipe: got error %v; want %v", err, http.ErrNotSupported)
	}
	srv, err := retrywisetest.Start(retrywisetest.Status(204))
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", srv.URL()[len("http://"):])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := (&meter{Conn: conn}).CloseWrite(); err != nil {
		t.Errorf("of a TCP connection: got error %v", err)
	}
}

// The protocol is known for a connection that a metered transport dialled, and if the Wire's
// transport is net/http's. Another one may speak HTTP/2 over any connection.
func TestProtocolOf(t *testing.T) {
	ours, theirs := net.Pipe()
	defer func() { _, _ = ours.Close(), theirs.Close() }()
	var both http.Protocols
	both.SetHTTP1(true)
	both.SetUnencryptedHTTP2(true)
	wrapped := roundTripper(nil)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.EnableHTTP2 = true
	secure.StartTLS()
	defer secure.Close()
	trusting, _ := secure.Client().Transport.(*http.Transport)
	dial := tls.Dialer{Config: &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"}, RootCAs: trusting.TLSClientConfig.RootCAs, ServerName: "example.com",
	}}
	negotiated, err := dial.DialContext(t.Context(), "tcp", secure.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer negotiated.Close()
	plain := tls.Client(ours, &tls.Config{MinVersion: tls.VersionTLS12})
	h2c := &http.Transport{Protocols: &both}
	for name, tt := range map[string]struct {
		wire http.RoundTripper
		conn net.Conn
		want protocol
	}{
		"http.Transport":                          {&http.Transport{}, ours, http1},
		"http.Transport with HTTP/2":              {h2c, ours, http2},
		"new transport":                           {NewTransport(), ours, http1},
		"wrapper":                                 {wrapped, ours, protoUnknown},
		"wrapper, metered connection":             {wrapped, &meter{Conn: ours, transport: &http.Transport{}}, http1},
		"wrapper, metered connection with HTTP/2": {wrapped, &meter{Conn: ours, transport: h2c}, http2},
		"TLS, HTTP/2 negotiated":                  {&http.Transport{}, negotiated, http2},
		"TLS, nothing negotiated":                 {&http.Transport{}, plain, http1},
		"wrapper, TLS, nothing negotiated":        {wrapped, plain, protoUnknown},
		"wrapper, TLS, HTTP/2 negotiated":         {wrapped, negotiated, http2},
	} {
		if got := New(tt.wire).protocolOf(tt.conn); got != tt.want {
			t.Errorf("%s: got %v; want %v", name, got, tt.want)
		}
	}
}
