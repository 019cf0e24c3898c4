package ledgertest

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"
)

type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// reachable returns how to dial: in memory, or over TCP.
func (r reach) reachable() dialer {
	if r.dial == nil {
		return new(net.Dialer).DialContext
	}
	return r.dial
}

var errFlaky = errors.New("the network is unreachable")

// flaky returns a dialer of which every sixth dial fails, and whose connections are slow now
// and then.
func flaky(r reach) dialer {
	dial := r.reachable()
	var dials atomic.Int64
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		n := dials.Add(1)
		if n%6 == 0 {
			return nil, &net.OpError{Op: "dial", Net: network, Err: errFlaky}
		}
		conn, err := dial(ctx, network, address)
		if err != nil || n%2 == 0 || r.quick {
			return conn, err
		}
		return &slowConn{Conn: conn, closed: make(chan struct{})}, nil
	}
}

// A slowConn is a connection of which every eighth Write returns long after its bytes have
// arrived, which is when attempts end that have not noted what they sent.
type slowConn struct {
	net.Conn
	writes   atomic.Int64
	closed   chan struct{}
	isClosed atomic.Bool
}

func (c *slowConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if c.writes.Add(1)%8 == 0 {
		timer := time.NewTimer(2 * lateness)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-c.closed:
		}
	}
	return n, err
}

func (c *slowConn) Close() error {
	if c.isClosed.CompareAndSwap(false, true) {
		close(c.closed)
	}
	return c.Conn.Close()
}
