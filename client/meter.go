package client

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
)

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
