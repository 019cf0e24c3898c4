package wire

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
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

// PeekAt reads the beginning of a response that came from elsewhere, as Body.Peek does
// but without a time limit, and puts it back. isAll reports that there is no more.
func PeekAt(resp *http.Response, max int, wanted func([]byte) bool) (head []byte, isAll bool) {
	if resp.Body == nil {
		return nil, true
	}
	p := newPeek()
	p.run(resp.Body, max, wanted)
	head, err := p.bytes()
	rest := io.Reader(resp.Body)
	if err != nil {
		rest = failingReader{err}
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), rest), resp.Body}
	return head, errors.Is(err, io.EOF)
}

// A failingReader ends as the body did.
type failingReader struct{ error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.error }
