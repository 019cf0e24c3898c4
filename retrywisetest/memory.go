package retrywisetest

import (
	"context"
	"net"
	"sync"
)

// memoryHost is the address of every in-memory server.
const memoryHost = "vendor.test:80"

// memoryAddr is the address of an in-memory listener.
type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return memoryHost }

// memoryListener is a net.Listener without a socket. Each dial creates a
// net.Pipe and passes one end to Accept. A goroutine that waits for a pipe is
// durably blocked in the sense of testing/synctest, so virtual time advances; a
// goroutine that waits for a socket is not.
type memoryListener struct {
	waiting chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func newMemoryListener() *memoryListener {
	return &memoryListener{waiting: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept waits for the next dial. After Close it returns net.ErrClosed.
func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.waiting:
		return conn, nil
	case <-l.closed:
		return nil, l.failure("accept", net.ErrClosed)
	}
}

// Dial connects to the listener. It returns when the server has accepted the
// connection, or with an error if ctx ends or the listener closes first.
func (l *memoryListener) Dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.waiting <- far:
		return near, nil
	case <-l.closed:
		return nil, l.failure("dial", net.ErrClosed)
	case <-ctx.Done():
		return nil, l.failure("dial", ctx.Err())
	}
}

// Close ends all calls of Accept and Dial. Accepted connections stay open.
func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *memoryListener) Addr() net.Addr { return memoryAddr{} }

// failure wraps err as package net does.
func (l *memoryListener) failure(op string, err error) error {
	return &net.OpError{Op: op, Net: memoryAddr{}.Network(), Addr: l.Addr(), Err: err}
}
