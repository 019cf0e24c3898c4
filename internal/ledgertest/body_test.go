package ledgertest

import (
	"bytes"
	"io"
	"sync"
)

// Bodies of requests.
const (
	noBody        = "none"
	smallBody     = "small"
	largeBody     = "large"      // larger than the windows of HTTP/2
	oneShot       = "read once"  // a reader that cannot be read again
	pipe          = "pipe"       // comes in pieces
	stuckPipe     = "stuck pipe" // its second half never comes
	blockedReader = "blocked"    // Read returns when the body is closed
	smallSize     = 40           // bytes
	largeSize     = 192 << 10    // bytes
	contentType   = "text/plain" // of all
)

var bodies = []string{noBody, smallBody, smallBody, smallBody, largeBody, oneShot, pipe, stuckPipe, blockedReader}

// size returns how many bytes a body has.
func size(body string) int {
	switch body {
	case noBody:
		return 0
	case largeBody:
		return largeSize
	default:
		return smallSize
	}
}

// newBody returns a body, and that which must be closed when the call has ended; nil for
// bodies in memory.
func newBody(kind string) (io.Reader, *closer) {
	data := bytes.Repeat([]byte("x"), size(kind))
	switch kind {
	case noBody:
		return nil, nil
	case smallBody, largeBody:
		return bytes.NewReader(data), nil
	case oneShot:
		c := newCloser(io.NopCloser(bytes.NewReader(data)))
		return c, c
	case blockedReader:
		c := newCloser(nil)
		c.ReadCloser = blocked{c.closed}
		return c, c
	default:
		c := newCloser(piped(data, kind == stuckPipe))
		return c, c
	}
}

// piped returns a pipe that data comes through in two pieces, or half of it if it is stuck.
func piped(data []byte, isStuck bool) io.ReadCloser {
	r, w := io.Pipe()
	go func() { // ends with the data, or when the pipe is closed
		half := len(data) / 2
		if _, err := w.Write(data[:half]); err != nil || isStuck {
			return
		}
		_, _ = w.Write(data[half:])
		_ = w.Close()
	}()
	return r
}

// A closer is a body that knows whether it was closed.
type closer struct {
	io.ReadCloser
	closed chan struct{}
	once   sync.Once
}

func newCloser(body io.ReadCloser) *closer {
	return &closer{ReadCloser: body, closed: make(chan struct{})}
}

func (c *closer) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.ReadCloser.Close()
}

func (c *closer) isClosed() bool {
	if c == nil {
		return true
	}
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// blocked is a body whose Read returns when it is closed.
type blocked struct{ closed <-chan struct{} }

func (b blocked) Read([]byte) (int, error) {
	<-b.closed
	return 0, io.ErrClosedPipe
}

func (blocked) Close() error { return nil }
