package wire

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"testing"
)

// A countingConn takes n bytes of a Write and then fails; it looks at the meter meanwhile.
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

// A meter counts before anything can have left, and takes back only a Write that wrote
// nothing.
func TestMeterCounts(t *testing.T) {
	for _, tt := range []struct {
		taken int
		want  int64
	}{{0, 0}, {1, 1}} {
		conn := &countingConn{n: tt.taken}
		m := &meter{Conn: conn}
		conn.meter = m
		_, _ = m.Write([]byte("xy"))
		if conn.during != 1 || m.written.Load() != tt.want {
			t.Errorf("%d bytes written: %d during the Write, %d after; want 1 and %d", tt.taken, conn.during, m.written.Load(), tt.want)
		}
	}
	m := &meter{}
	if meterOf(tls.Client(m, &tls.Config{MinVersion: tls.VersionTLS12})) != m || meterOf(m) != m || meterOf(&countingConn{}) != nil {
		t.Error("the meter is not found")
	}
}

// Without TLS, the transport knows the protocol: the one that dialled the connection if
// that was ours, else the Wire's if that is net/http's.
func TestProtocolOf(t *testing.T) {
	ours, theirs := net.Pipe()
	defer func() { _, _ = ours.Close(), theirs.Close() }()
	var both http.Protocols
	both.SetHTTP1(true)
	both.SetUnencryptedHTTP2(true)
	wrapped := http.NewFileTransport(http.Dir("."))
	h2c := &http.Transport{Protocols: &both}
	for name, tt := range map[string]struct {
		wire http.RoundTripper
		conn net.Conn
		want protocol
	}{
		"net/http's transport":                        {&http.Transport{}, ours, http1},
		"with HTTP/2 as well":                         {h2c, ours, http2},
		"a new Transport":                             {NewTransport(), ours, http1},
		"a wrapper":                                   {wrapped, ours, protoUnknown},
		"a wrapper over our connection":               {wrapped, &meter{Conn: ours, transport: &http.Transport{}}, http1},
		"a wrapper over our connection, HTTP/2 is on": {wrapped, &meter{Conn: ours, transport: h2c}, http2},
		"TLS, nothing negotiated":                     {wrapped, tls.Client(ours, &tls.Config{MinVersion: tls.VersionTLS12}), http1},
	} {
		if got := New(tt.wire).protocolOf(tt.conn); got != tt.want {
			t.Errorf("%s: %v; want %v", name, got, tt.want)
		}
	}
}
