package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"
)

// A protocol is the version of HTTP that a connection carries.
type protocol uint8

const (
	http2        protocol = iota // or possibly: many requests share it
	protoUnknown                 // of a transport that is not net/http's
	http1                        // certainly: it carries one request at a time
)

// protocolOf returns the protocol of a connection of w. It is known only for a connection
// of net/http's own transport: TLS negotiates it there, and without TLS the transport's
// fields say it. Another transport may speak HTTP/2 over any connection.
func (w *Wire) protocolOf(conn net.Conn) protocol {
	transport := w.standard
	if m := meterOf(conn); m != nil {
		transport = m.transport
	}
	secure, isSecure := conn.(*tls.Conn)
	switch {
	case isSecure && secure.ConnectionState().NegotiatedProtocol == "h2":
		return http2
	case transport == nil:
		return protoUnknown
	case !isSecure && transport.Protocols != nil && transport.Protocols.UnencryptedHTTP2():
		return http2
	default:
		return http1
	}
}

// A meter is a connection that counts its writes.
type meter struct {
	net.Conn
	transport *http.Transport // that dialled it
	written   atomic.Int64    // Writes that have begun, except those that failed within a header section
}

type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// metered returns a dialer for t whose connections count their writes.
func metered(dial dialer, t *http.Transport) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &meter{Conn: conn, transport: t}, nil
	}
}

// Write counts before it writes: while the count is unchanged, no server has got a request.
// A Write that failed is taken back if what it wrote does not reach the end of a header
// section. Over TLS nothing looks like that end, and a record of which a part is missing
// cannot be read.
func (m *meter) Write(p []byte) (int, error) {
	m.written.Add(1)
	n, err := m.Conn.Write(p)
	if err != nil && n < len(p) && !bytes.Contains(p[:max(n, 0)], endOfHeader) {
		m.written.Add(-1)
	}
	return n, err
}

// endOfHeader ends the header section of a request over HTTP/1 (RFC 9112 section 2.1).
var endOfHeader = []byte("\r\n\r\n")

// CloseWrite ends the writing, if the connection knows that.
func (m *meter) CloseWrite() error { return closeWrite(m.Conn) }

// meterOf returns the meter of conn, or nil.
func meterOf(conn net.Conn) *meter {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	m, _ := conn.(*meter)
	return m
}
