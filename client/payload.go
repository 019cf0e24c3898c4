package client

import (
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"sync"
)

// A payload is a request body that is lent to one attempt after the other, without a
// copy of it. The transport may go on reading, and close what it was lent, after the
// attempt has ended.
type payload struct {
	again   func() (io.ReadCloser, error) // opens another body; nil: there is no such thing
	section func() io.Reader              // reads the file from its start, beside any other section; nil: it is none
	length  int64
	empty   bool

	mu      sync.Mutex
	body    io.ReadCloser // the caller's; nil: closed, or the transport closes it
	lent    int           // loans of body that are not closed yet
	touched bool          // body itself was read
	ended   bool          // the call has
}

// payloadOf takes the body of req. It can be read again by GetBody, or if it is a file.
func payloadOf(req *http.Request) *payload {
	if req.Body == nil || req.Body == http.NoBody {
		return &payload{empty: true}
	}
	p := &payload{body: req.Body, again: req.GetBody, length: req.ContentLength}
	if p.again == nil {
		p.section = sectionsOf(req.Body)
	}
	return p
}

// sectionsOf reads a file from where it stands now to its end, as often as needed. What
// only embeds a file may read it in another way; a pipe cannot tell where it stands.
func sectionsOf(body io.Reader) func() io.Reader {
	file, ok := body.(*os.File)
	if !ok {
		return nil
	}
	start, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil
	}
	return func() io.Reader { return io.NewSectionReader(file, start, math.MaxInt64-start) }
}

// oneShot reports whether the body was read, or may still be, and cannot be had again.
func (p *payload) oneShot() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.empty && p.again == nil && p.section == nil && (p.touched || p.lent > 0)
}

// attach gives out's attempt a body. It is a loan and has no GetBody, so that net/http
// cannot send it a second time behind our back.
func (p *payload) attach(out *http.Request, a *attempt) error {
	out.Body, out.GetBody, out.ContentLength = nil, nil, 0
	if p.empty {
		return nil
	}
	body, err := p.lend(a)
	if err != nil {
		return &bodyError{err}
	}
	out.Body, out.ContentLength = body, p.length
	return nil
}

func (p *payload) lend(a *attempt) (*loan, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.section != nil:
		p.lent++
		return &loan{Reader: p.section(), payload: p, attempt: a}, nil
	case p.again == nil:
		p.lent++
		return &loan{Reader: p.body, payload: p, attempt: a}, nil
	case p.body != nil: // the first of those that can be opened again
		first := p.body
		p.body = nil
		return &loan{Reader: first, own: first, payload: p, attempt: a}, nil
	}
	body, err := p.again()
	if err == nil && body == nil {
		err = errNoBody
	}
	if err != nil {
		return nil, err
	}
	return &loan{Reader: body, own: body, payload: p, attempt: a}, nil
}

// close ends the call: the caller's body is closed, at once or by the last loan of it.
func (p *payload) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.settle()
}

// settle closes the caller's body if nobody needs it any more. The caller holds the lock.
func (p *payload) settle() {
	isSpent := p.touched && p.section == nil
	if p.body != nil && p.lent == 0 && (p.ended || isSpent) {
		_ = p.body.Close()
		p.body = nil
	}
}

// A loan is the body of one attempt. It hides what kind of reader that is.
type loan struct {
	io.Reader
	own     io.Closer // of this attempt alone; nil: the caller's body, which the payload closes
	payload *payload
	attempt *attempt
	read    int64 // so far
	once    sync.Once
}

// Read tells the attempt that its request goes on, or that its body failed.
func (l *loan) Read(buffer []byte) (int, error) {
	l.payload.touch()
	l.attempt.bodyWasRead.Store(true)
	n, err := l.Reader.Read(buffer)
	l.attempt.clock.goesOn()
	l.read += int64(n)
	isEnd, told := errors.Is(err, io.EOF), l.payload.length
	if told > 0 && (l.read > told || isEnd && l.read < told) {
		l.attempt.bodySpoilt.Store(true)
	}
	if err != nil && !isEnd {
		l.attempt.bodySpoilt.Store(true)
		err = &bodyError{err}
	}
	return n, err
}

func (p *payload) touch() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.touched = true
}

// Close gives the body back.
func (l *loan) Close() (err error) {
	l.once.Do(func() {
		if l.own != nil {
			err = l.own.Close()
			return
		}
		l.payload.mu.Lock()
		defer l.payload.mu.Unlock()
		l.payload.lent--
		l.payload.settle()
	})
	return err
}

var errNoBody = errors.New("GetBody gave neither a body nor an error")

// bodyError is a failure of the caller's body, and none of the network.
type bodyError struct{ error }

func (e *bodyError) Unwrap() error { return e.error }
