package wire

import (
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"sync"
)

// A Payload is a request body that is lent to one attempt after the other, without a
// copy. The transport may go on reading from a loan, and close it, after the attempt has
// ended. A nil Payload stands for no body.
type Payload struct {
	reopen  func() (io.ReadCloser, error) // opens the body again; nil: impossible
	section func() io.Reader              // reads the file from its start; nil: the body is not a file
	length  int64

	mu    sync.Mutex
	body  io.ReadCloser // the caller's; nil: closed, or lent for good
	lent  int           // loans of body that are not closed yet
	read  bool          // body itself was read
	ended bool          // the call has
}

// PayloadOf takes the body of req; nil if there is none. It can be read again by GetBody,
// or if it is a file.
func PayloadOf(req *http.Request) *Payload {
	if req.Body == nil || req.Body == http.NoBody {
		return nil
	}
	p := &Payload{body: req.Body, reopen: req.GetBody, length: req.ContentLength}
	if p.reopen == nil {
		p.section = sectionsOf(req.Body)
	}
	return p
}

// sectionsOf returns a function that reads a file from its present offset to its end. A
// type that embeds a file may read differently, and a pipe has no offset.
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

// IsSpent reports whether the body was read, or may still be, and cannot be read again.
func (p *Payload) IsSpent() bool {
	if p == nil || p.reopen != nil || p.section != nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.read || p.lent > 0
}

// Describe sets out's length, and a GetBody if the body can be read again, so that a
// signature can be computed. Send takes the GetBody away again.
func (p *Payload) Describe(out *http.Request) {
	out.Body, out.GetBody, out.ContentLength = nil, nil, 0
	if p == nil {
		return
	}
	out.ContentLength, out.GetBody = p.length, p.reopen
	if p.section != nil {
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(p.section()), nil }
	}
}

// lendTo gives out its body for attempt a. It has no GetBody, so that net/http cannot
// repeat the request by itself.
func (p *Payload) lendTo(out *http.Request, a *Attempt) error {
	out.Body, out.GetBody, out.ContentLength = nil, nil, 0
	if p == nil {
		return nil
	}
	body, err := p.lend(a)
	if err != nil {
		return &BodyError{err}
	}
	out.Body, out.ContentLength = body, p.length
	return nil
}

func (p *Payload) lend(a *Attempt) (*loan, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.section != nil:
		p.lent++
		return &loan{Reader: p.section(), payload: p, attempt: a}, nil
	case p.reopen == nil:
		p.lent++
		return &loan{Reader: p.body, payload: p, attempt: a}, nil
	case p.body != nil: // the first of those that can be opened again
		first := p.body
		p.body = nil
		return &loan{Reader: first, own: first, payload: p, attempt: a}, nil
	}
	body, err := p.reopen()
	if err == nil && body == nil {
		err = errNoBody
	}
	if err != nil {
		return nil, err
	}
	return &loan{Reader: body, own: body, payload: p, attempt: a}, nil
}

// Close ends the call: the caller's body is closed now, or with its last loan.
func (p *Payload) Close() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.settle()
}

// settle closes the caller's body once nobody needs it. The caller holds the lock.
func (p *Payload) settle() {
	isSpent := p.read && p.section == nil
	if p.body != nil && p.lent == 0 && (p.ended || isSpent) {
		_ = p.body.Close()
		p.body = nil
	}
}

func (p *Payload) noteRead() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.read = true
}

// A loan is the body of one attempt. It hides the reader's type.
type loan struct {
	io.Reader
	own     io.Closer // belongs to this attempt alone; nil: the payload closes the caller's body
	payload *Payload
	attempt *Attempt
	count   int64 // bytes read
	once    sync.Once
}

// Read notes that the request makes progress, or that its body failed.
func (l *loan) Read(buffer []byte) (int, error) {
	l.payload.noteRead()
	l.attempt.bodyWasRead.Store(true)
	n, err := l.Reader.Read(buffer)
	l.attempt.clock.progress()
	l.count += int64(n)
	isEnd, length := errors.Is(err, io.EOF), l.payload.length
	if isEnd || length > 0 && l.count >= length {
		l.attempt.bodyWasSent.Store(true)
	}
	if length > 0 && (l.count > length || isEnd && l.count < length) {
		l.attempt.bodyFailed.Store(true)
	}
	if err != nil && !isEnd {
		l.attempt.bodyFailed.Store(true)
		err = &BodyError{err}
	}
	return n, err
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

var errNoBody = errors.New("GetBody returned neither a body nor an error")

// A BodyError is a failure of the caller's request body, not of the network.
type BodyError struct{ Err error }

func (e *BodyError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *BodyError) Unwrap() error { return e.Err }
