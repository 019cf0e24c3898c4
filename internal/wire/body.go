package wire

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// Bounds of reading a response body.
const (
	peekTimeout  = 2 * time.Second       // of looking at its beginning
	maxDrain     = 4 << 10               // read of a body that nobody wants, so that the connection can be reused
	drainTimeout = 50 * time.Millisecond // for that
)

// A Body is a response body as the caller reads it. Its beginning may have been peeked at
// before, which takes nothing away. Closing it ends the attempt; so does a Read that
// stalls.
type Body struct {
	io.ReadCloser
	attempt *Attempt
	ahead   *ahead // read first; nil: nothing was read ahead
	start   start  // read then
	closed  atomic.Bool
	onEOF   func() // called before the end is returned; may be nil

	// Owner belongs to the sender, which finds it again in the response that it returned.
	Owner any

	// OnClose is called when the body is closed, and OnBreak with the error if it breaks
	// off while it is read. Both may be nil; set them before the body is read.
	OnClose func()
	OnBreak func(error)
}

func (b *Body) Read(p []byte) (int, error) {
	b.attempt.clock.startRead()
	n, err := b.next(p)
	b.attempt.clock.endRead()
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		if b.onEOF != nil {
			b.onEOF()
		}
		b.attempt.End() // nobody may ever close it
	default:
		err = b.attempt.Cause(err)
		if b.OnBreak != nil && !b.closed.Load() {
			b.OnBreak(err)
			b.OnBreak = nil
		}
	}
	return n, err
}

// next reads what was read ahead, what was peeked at, and then what follows.
func (b *Body) next(p []byte) (int, error) {
	if !b.closed.Load() {
		if n, err, found := b.ahead.next(p); found {
			return n, err
		}
		if n, err, found := b.start.next(p); found {
			return n, err
		}
	}
	if b.closed.Load() && b.ReadCloser != http.NoBody { // which may be read after Close
		return 0, errClosedBody
	}
	return b.ReadCloser.Read(p)
}

// Close closes the body and ends the attempt.
func (b *Body) Close() error {
	b.closed.Store(true)
	if b.start.isReading() { // net/http's Close would wait for its Read
		b.attempt.End()
	}
	b.attempt.loan.end() // and for one of the request's body
	defer func() {       // also if the transport's Close panics
		b.attempt.End()
		if b.OnClose != nil {
			b.OnClose()
		}
	}()
	return b.ReadCloser.Close()
}

// Drop closes a body that nobody wants. A small rest is read first, so that the
// connection can be reused; a slow rest is not.
func (b *Body) Drop() {
	defer func() { _ = b.Close() }()
	if !b.start.skip() {
		return // it is slow
	}
	timer := time.AfterFunc(drainTimeout, func() {
		b.attempt.End() // net/http's Close would wait for the Read
		_ = closeSafely(b)
	})
	defer timer.Stop()
	_, _ = io.CopyN(io.Discard, readerFunc(b.next), maxDrain)
}

type readerFunc func([]byte) (int, error)

func (r readerFunc) Read(p []byte) (int, error) { return r(p) }

// Peek reads the beginning of the body: up to max bytes, while wanted accepts what came,
// and for no longer than 2 s. end is io.EOF if that is the whole body, nil if there may be
// more, or why the rest could not be read; IsSlow reports whether it was too slow.
func (b *Body) Peek(max int, wanted func([]byte) bool) (head []byte, end error) {
	return b.start.peekAt(b.ReadCloser, max, wanted) // ends with the attempt at the latest
}

// ReadAhead reads up to max bytes, which are kept for the reader. It returns them, and how the
// body broke off within them; nil if it did not.
func (b *Body) ReadAhead(max int) ([]byte, error) {
	buffer, err := io.ReadAll(io.LimitReader(b, int64(max)))
	b.ahead = &ahead{data: buffer, err: err}
	return buffer, err
}

// ahead is what was read ahead, and how the body broke off then.
type ahead struct {
	data []byte
	err  error
}

// next returns the next bytes, or the error after them. It reports whether there were any.
func (a *ahead) next(p []byte) (n int, err error, found bool) {
	if a == nil || len(a.data) == 0 && a.err == nil {
		return 0, nil, false
	}
	if len(a.data) == 0 {
		return 0, a.err, true
	}
	n = copy(p, a.data)
	a.data = a.data[n:]
	return n, nil, true
}

// IsSlow reports whether err is the end of a Peek at a body that was too slow.
func IsSlow(err error) bool { return errors.Is(err, errSlowBody) }

// Upgraded returns the connection behind a 101, which the caller reads and writes. The
// attempt no longer watches it.
func (b *Body) Upgraded() io.ReadCloser {
	writer, ok := b.ReadCloser.(io.Writer)
	if !ok {
		return b
	}
	return upgraded{b.ReadCloser, writer, b}
}

// An upgraded connection is read and written without the attempt's limits.
type upgraded struct {
	io.Reader
	io.Writer
	io.Closer
}

// CloseWrite ends the writing, if the connection knows that.
func (u upgraded) CloseWrite() error { return closeWrite(u.Writer) }

func closeWrite(w io.Writer) error {
	if c, ok := w.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return fmt.Errorf("CloseWrite: %w", http.ErrNotSupported)
}

var errClosedBody = errors.New("http: read on closed response body") // net/http's text
