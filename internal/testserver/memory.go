package testserver

import (
	"context"
	"net"
	"sync"
)

// memoryHost is the host and port that every in-memory server claims to have.
const memoryHost = "vendor.test:80"

// memoryAddr is the address of an in-memory listener.
type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return memoryHost }

// memoryListener is a net.Listener without a socket. Each dial makes a
// net.Pipe and hands its far end to Accept. A goroutine that waits for such a
// connection is durably blocked in the sense of testing/synctest; one that
// waits for a socket is not.
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

// Dial connects to the listener. It returns once the server has accepted, or
// with an error if ctx ends or the listener closes before that.
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

// Close ends Accept and Dial, those that wait included. Connections that were
// accepted stay open.
func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *memoryListener) Addr() net.Addr { return memoryAddr{} }

// failure has the shape that net gives to its own errors.
func (l *memoryListener) failure(op string, err error) error {
	return &net.OpError{Op: op, Net: memoryAddr{}.Network(), Addr: l.Addr(), Err: err}
}
