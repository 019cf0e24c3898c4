package wire

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// A peek is the beginning of a response body, read in a goroutine of its own, so that a
// body that trickles in delays nobody, and nothing of it is lost.
type peek struct {
	done chan struct{} // closed after the last Read into it

	mu      sync.Mutex
	data    []byte
	err     error // how the body ended; nil: there may be more
	stopped bool  // no further Read begins
}

func newPeek() *peek { return &peek{done: make(chan struct{})} }

// run reads up to max bytes of body, while wanted accepts what came.
func (p *peek) run(body io.Reader, max int, wanted func([]byte) bool) {
	defer close(p.done)
	isOver := false
	defer func() {
		if !isOver { // Read panicked, or ended the goroutine
			_ = recover()
			p.add(nil, errPanicked)
		}
	}()
	buffer := make([]byte, min(max, 4<<10))
	for idle := 0; p.wants(max, wanted); idle++ {
		n, err := body.Read(buffer[:min(len(buffer), max-len(p.data))])
		if n > 0 {
			idle = 0
		}
		if err == nil && idle > maxIdleReads {
			err = io.ErrNoProgress
		}
		p.add(buffer[:n], err)
	}
	isOver = true
}

// maxIdleReads bounds the Reads in a row that return nothing, as bufio does.
const maxIdleReads = 100

func (p *peek) wants(max int, wanted func([]byte) bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err == nil && !p.stopped && len(p.data) < max && wanted(p.data)
}

func (p *peek) add(more []byte, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.data, p.err = append(p.data, more...), err
}

// bytes returns what has come so far, and how the body ended if it did.
func (p *peek) bytes() ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.data[:len(p.data):len(p.data)], p.err
}

// stop ends the peek after the Read that is under way.
func (p *peek) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
}

// wasStopped reports whether the body was too slow.
func (p *peek) wasStopped() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopped
}

// isDone reports whether nothing more is read into it.
func (p *peek) isDone() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// A start is the beginning of a body as its reader gets it, if it was peeked at.
type start struct {
	peek   *peek // nil: it was not
	read   int   // of that
	isPast bool  // it was read whole
}

// peekAt peeks at body for no longer than 2 s.
func (s *start) peekAt(body io.Reader, max int, wanted func([]byte) bool) (head []byte, end error) {
	s.peek = newPeek()
	go s.peek.run(body, max, wanted) // ends with the Read that is under way
	timer := time.NewTimer(peekTimeout)
	defer timer.Stop()
	select {
	case <-s.peek.done:
		return s.peek.bytes()
	case <-timer.C:
		s.peek.stop()
		head, _ = s.peek.bytes()
		return head, errSlowBody
	}
}

// next returns the next bytes, or the error after them. It reports whether there were any.
func (s *start) next(p []byte) (n int, err error, found bool) {
	for s.peek != nil && !s.isPast {
		isDone := s.peek.isDone() // asked first: then there is no more than these bytes
		data, err := s.peek.bytes()
		switch {
		case s.read < len(data):
			n := copy(p, data[s.read:])
			s.read += n
			return n, nil, true
		case !isDone:
			<-s.peek.done // the Read that is under way
		case err != nil:
			return 0, err, true
		default:
			s.isPast = true
		}
	}
	return 0, nil, false
}

// isReading reports whether a Read of the peek is under way.
func (s *start) isReading() bool { return s.peek != nil && !s.peek.isDone() }

// skip passes over what was peeked at. It reports whether that came in time.
func (s *start) skip() bool {
	if s.peek == nil {
		return true
	}
	if s.peek.wasStopped() {
		return false
	}
	s.read = len(s.peek.data)
	return true
}

// PeekAt reads the beginning of a response that came from elsewhere, as Body.Peek does, and
// puts it back. isAll reports that there is no more.
func PeekAt(resp *http.Response, max int, wanted func([]byte) bool) (head []byte, isAll bool) {
	if resp.Body == nil {
		return nil, true
	}
	b := &resumedBody{ReadCloser: resp.Body}
	head, err := b.start.peekAt(resp.Body, max, wanted)
	resp.Body = b
	return head, errors.Is(err, io.EOF)
}

// A resumedBody is a body that was peeked at.
type resumedBody struct {
	io.ReadCloser
	start start
}

func (b *resumedBody) Read(p []byte) (int, error) {
	if n, err, found := b.start.next(p); found {
		return n, err
	}
	return b.ReadCloser.Read(p)
}
