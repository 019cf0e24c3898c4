package client

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"
)

// A speech is which version of HTTP a connection carries.
type speech uint8

const (
	http2   speech = iota // or may well: it is shared by many requests
	notTold               // most likely HTTP/1
	http1                 // for certain: it carries one request at a time
)

// speechBy tells what a connection of wire speaks. Without TLS that cannot be seen from
// the connection: the standard transport says whether it may be HTTP/2, which is rare,
// and any other does not.
func speechBy(wire http.RoundTripper) func(net.Conn) speech {
	plain := notTold
	if standard, ok := wire.(*http.Transport); ok {
		plain = http1
		if standard.Protocols != nil && standard.Protocols.UnencryptedHTTP2() {
			plain = http2
		}
	}
	return func(conn net.Conn) speech {
		secure, ok := conn.(*tls.Conn)
		switch {
		case !ok:
			return plain
		case secure.ConnectionState().NegotiatedProtocol == "h2":
			return http2
		default:
			return http1
		}
	}
}

// A meter is a connection of the private transport that counts what it is given.
type meter struct {
	net.Conn
	written atomic.Int64 // Writes that were begun, but for those that took nothing
}

// metered is dial with a meter on each connection.
func metered(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &meter{Conn: conn}, nil
	}
}

// Write counts before it writes, so that nothing can have left while the count says so.
func (m *meter) Write(p []byte) (int, error) {
	m.written.Add(1)
	n, err := m.Conn.Write(p)
	if n == 0 && err != nil {
		m.written.Add(-1)
	}
	return n, err
}

// meterOf is the meter under conn, or nil.
func meterOf(conn net.Conn) *meter {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	m, _ := conn.(*meter)
	return m
}
