package client_test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A mortal is a connection over which nothing comes any more once it is dead, as behind a NAT
// that forgot it. Nobody is told.
type mortal struct {
	net.Conn
	dead   chan struct{}
	closed chan struct{}
	once   sync.Once
}

func (m *mortal) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	select {
	case <-m.dead:
		<-m.closed
		return 0, net.ErrClosed
	default:
		return n, err
	}
}

func (m *mortal) Write(p []byte) (int, error) {
	select {
	case <-m.dead:
		return len(p), nil
	default:
		return m.Conn.Write(p)
	}
}

func (m *mortal) Close() error {
	m.once.Do(func() { close(m.closed) })
	return m.Conn.Close()
}

// A connection over HTTP/2 that went dead is found by a ping, and closed. The calls that wait
// for it go on over a new one, long before an attempt's timeout.
func TestTransportFindsADeadConnection(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		var protocols http.Protocols
		protocols.SetUnencryptedHTTP2(true)
		listener := &pipes{conns: make(chan net.Conn)}
		srv := &http.Server{Protocols: &protocols, ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
		var serving sync.WaitGroup
		serving.Go(func() { _ = srv.Serve(listener) })
		defer serving.Wait()
		defer func() { _ = srv.Close() }()

		var first *mortal
		transport := client.NewTransport()
		transport.Protocols = &protocols
		transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			listener.conns <- theirs
			conn := &mortal{Conn: ours, dead: make(chan struct{}), closed: make(chan struct{})}
			if first == nil {
				first = conn
			}
			return conn, nil
		}
		defer transport.CloseIdleConnections()
		c := newClientOf(t, client.Config{BaseURL: "http://vendor.test", Transport: transport})
		if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
			t.Fatal(err)
		}
		close(first.dead)
		start := time.Now()
		if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil || time.Since(start) > 40*time.Second {
			t.Errorf("got error %v after %v; want a retry after the ping", err, time.Since(start))
		}
	})
}

// pipes is a listener of connections in memory.
type pipes struct {
	conns  chan net.Conn
	closed sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	conn, ok := <-p.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (p *pipes) Close() error {
	p.closed.Do(func() { close(p.conns) })
	return nil
}

func (*pipes) Addr() net.Addr { return &net.TCPAddr{} }
