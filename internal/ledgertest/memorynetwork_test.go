package ledgertest

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
)

// A memoryNetwork carries connections in memory, which have buffers as those of TCP have.
type memoryNetwork struct {
	mu        sync.Mutex
	listeners map[string]*memoryListener
	relays    sync.WaitGroup
}

func newMemoryNetwork() *memoryNetwork {
	return &memoryNetwork{listeners: map[string]*memoryListener{}}
}

// A memoryListener is a port of the network.
type memoryListener struct {
	address   *net.TCPAddr
	accepting chan net.Conn
	closed    chan struct{}
	once      sync.Once
}

func newMemoryListener(port int) *memoryListener {
	return &memoryListener{
		address:   &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port},
		accepting: make(chan net.Conn), closed: make(chan struct{}),
	}
}

func (n *memoryNetwork) listen() net.Listener {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := newMemoryListener(1 + len(n.listeners))
	n.listeners[l.address.String()] = l
	return l
}

// Accept implements net.Listener.
func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.accepting:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements net.Listener.
func (l *memoryListener) Addr() net.Addr { return l.address }

// dial opens a connection.
func (n *memoryNetwork) dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[address]
	n.mu.Unlock()
	if l == nil {
		return nil, fmt.Errorf("nobody listens at %s", address)
	}
	return l.connect(ctx, &n.relays, whole, whole)
}

// A passage is what becomes of the bytes of one direction.
type passage = func(io.Reader) io.Reader

// whole lets all bytes through.
func whole(r io.Reader) io.Reader { return r }

// connect has the listener accept a connection, which a relay carries in each direction.
func (l *memoryListener) connect(ctx context.Context, relays *sync.WaitGroup, up, down passage) (net.Conn, error) {
	near, nearRelay := net.Pipe()
	farRelay, far := net.Pipe()
	select {
	case l.accepting <- far:
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	end := func() {
		_ = nearRelay.Close()
		_ = farRelay.Close()
	}
	relays.Go(func() { relay(farRelay, up(nearRelay), end) })
	relays.Go(func() { relay(nearRelay, down(farRelay), end) })
	return near, nil
}

// relay copies until the end of either side. It holds back nobody who writes, up to a bound.
func relay(to io.Writer, from io.Reader, end func()) {
	pieces := make(chan []byte, 1<<12)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for piece := range pieces {
			if _, err := to.Write(piece); err != nil {
				break
			}
		}
		end()
		for range pieces { // so that the reader ends
			continue
		}
	}()
	buffer := make([]byte, 64<<10)
	for {
		count, err := from.Read(buffer)
		if count > 0 {
			pieces <- append([]byte(nil), buffer[:count]...)
		}
		if err != nil {
			break
		}
	}
	close(pieces)
	<-done
}
