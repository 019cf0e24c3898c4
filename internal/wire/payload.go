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
	out.Body, out.ContentLength, a.loan = body, p.length, body
	return nil
}

func (p *Payload) lend(a *Attempt) (*loan, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.section != nil:
		p.lent++
		return newLoan(p.section(), nil, p, a), nil
	case p.reopen == nil:
		p.lent++
		return newLoan(p.body, nil, p, a), nil
	case p.body != nil: // the first of those that can be opened again
		first := p.body
		p.body = nil
		return newLoan(first, first, p, a), nil
	}
	body, err := p.reopen()
	if err == nil && body == nil {
		err = errNoBody
	}
	if err != nil {
		return nil, err
	}
	return newLoan(body, body, p, a), nil
}

// Close ends the call: the caller's body is closed now, or with its last loan.
func (p *Payload) Close() {
	if p == nil {
		return
	}
	if unwanted := p.settle(func() { p.ended = true }); unwanted != nil {
		_ = closeSafely(unwanted)
	}
}

// giveBack ends a loan of the caller's body, and returns the body if it is to be closed.
func (p *Payload) giveBack() io.Closer { return p.settle(func() { p.lent-- }) }

// settle notes a change, and returns the caller's body once nobody needs it any more.
func (p *Payload) settle(change func()) io.Closer {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	isSpent := p.read && p.section == nil
	unwanted := p.body
	if unwanted == nil || p.lent > 0 || !p.ended && !isSpent {
		return nil
	}
	p.body = nil
	return unwanted
}

func (p *Payload) noteRead() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.read = true
}

var errNoBody = errors.New("GetBody returned neither a body nor an error")

// A BodyError is a failure of the caller's request body, not of the network.
type BodyError struct{ Err error }

func (e *BodyError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *BodyError) Unwrap() error { return e.Err }
