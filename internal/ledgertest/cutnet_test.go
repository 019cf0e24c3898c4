package ledgertest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
)

// A cut is where a connection ends: after so many bytes, of those that the client sends or gets.
type cut struct {
	after  int
	isDown bool // of those that it gets
	how    cutKind
}

// A cutKind is what the client notices of the bytes that it sends beyond the cut.
type cutKind string

const (
	byReset cutKind = "reset"        // they are lost, and the connection is reset
	byFIN   cutKind = "FIN"          // they are lost, and the connection is closed
	byWrite cutKind = "failed write" // they cannot be written
)

var errReset = &net.OpError{Op: "read", Net: "memory", Err: syscall.ECONNRESET}

// A cutNetwork is a network in memory whose first connection is cut. It has buffers, as a real one
// has: what is written is on its way.
type cutNetwork struct {
	*memoryListener
	cut
	relays sync.WaitGroup
	conns  atomic.Int32
	isCut  atomic.Bool
	first  atomic.Pointer[cutConn]
}

func newCutNetwork(c cut) *cutNetwork {
	return &cutNetwork{memoryListener: newMemoryListener(80), cut: c}
}

// dial opens a connection. Two relays carry it: each reads whatever is written, at once.
func (n *cutNetwork) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, nearRelay := net.Pipe()
	farRelay, far := net.Pipe()
	c := &cutConn{Conn: near, network: n, left: -1}
	upstream, downstream := -1, -1
	if n.conns.Add(1) == 1 {
		n.first.Store(c)
		switch {
		case n.isDown:
			downstream = n.after
		case n.how == byWrite:
			c.left = n.after
		default:
			upstream = n.after
		}
	}
	if err := n.connect(ctx, far); err != nil {
		return nil, err
	}
	end := func() {
		_ = nearRelay.Close()
		_ = farRelay.Close()
	}
	n.relays.Go(func() { n.relay(farRelay, nearRelay, upstream, end) })
	n.relays.Go(func() { n.relay(nearRelay, farRelay, downstream, end) })
	return c, nil
}

// relay copies until the end of either side, or the cut after left bytes; below zero: there is none.
func (n *cutNetwork) relay(to, from net.Conn, left int, end func()) {
	defer end()
	buffer := make([]byte, 64<<10)
	for {
		count, err := from.Read(buffer)
		if left >= 0 && count > left {
			_, _ = to.Write(buffer[:left])
			n.isCut.Store(true)
			return
		}
		if _, failed := to.Write(buffer[:count]); failed != nil || err != nil {
			return
		}
		if left >= 0 {
			left -= count
		}
	}
}

// A cutConn is the client's end of a connection.
type cutConn struct {
	net.Conn
	network *cutNetwork
	left    int          // bytes that can be written; below zero: all
	whole   atomic.Int64 // bytes of Writes that did not fail

	hasHeaderEnd atomic.Bool // of HTTP/1 was in the one that failed
}

// Write implements net.Conn.
func (c *cutConn) Write(p []byte) (int, error) {
	if c.left < 0 || len(p) <= c.left {
		n, err := c.Conn.Write(p)
		if c.whole.Add(int64(n)); c.left >= 0 {
			c.left -= n
		}
		return n, err
	}
	n, _ := c.Conn.Write(p[:c.left])
	c.hasHeaderEnd.Store(bytes.Contains(p[:c.left], []byte("\r\n\r\n")))
	c.left = 0
	c.network.isCut.Store(true)
	_ = c.Close()
	return n, errReset
}

// Read implements net.Conn.
func (c *cutConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil && c.network.how != byFIN && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)) {
		err = errReset
	}
	return n, err
}
