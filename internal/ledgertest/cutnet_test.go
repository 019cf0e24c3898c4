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

// dial opens a connection. The first one is cut.
func (n *cutNetwork) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	c := &cutConn{network: n, left: -1}
	up, down := whole, whole
	if n.conns.Add(1) == 1 {
		n.first.Store(c)
		switch {
		case n.isDown:
			down = n.cutOff
		case n.how == byWrite:
			c.left = n.after
		default:
			up = n.cutOff
		}
	}
	near, err := n.connect(ctx, &n.relays, up, down)
	if err != nil {
		return nil, err
	}
	c.Conn = near
	return c, nil
}

// cutOff returns a reader that ends where the network is cut.
func (n *cutNetwork) cutOff(r io.Reader) io.Reader { return &cutReader{r, n, n.after} }

// A cutReader reads left bytes, and ends at the next one.
type cutReader struct {
	io.Reader
	network *cutNetwork
	left    int
}

func (r *cutReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > r.left {
		r.network.isCut.Store(true)
		return r.left, io.EOF
	}
	r.left -= n
	return n, err
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
