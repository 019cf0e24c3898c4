package client

import (
	"io"
	"math"
	"net/http"
)

// A payload is a request body that is handed to one attempt after the other, without a
// copy of it.
type payload struct {
	first  io.ReadCloser                 // nil: handed out, or there is none
	again  func() (io.ReadCloser, error) // nil: it can be read only once
	length int64
	empty  bool
	held   io.Closer // closed with the call; nil: each attempt closes what it reads
}

// payloadOf takes the body of req. It can be read again by GetBody, or if it can be read
// at any offset, as an *os.File can.
func payloadOf(req *http.Request) payload {
	if req.Body == nil || req.Body == http.NoBody {
		return payload{empty: true}
	}
	p := payload{first: req.Body, again: req.GetBody, length: req.ContentLength}
	if p.again == nil {
		p.readAtOffsets(req.Body)
	}
	return p
}

// readAtOffsets makes each attempt read a section of its own, from where body stands now
// to its end. A pipe has offsets by its type only, and stays what can be read once.
func (p *payload) readAtOffsets(body io.ReadCloser) {
	source, ok := body.(interface {
		io.ReaderAt
		io.Seeker
	})
	if !ok {
		return
	}
	start, err := source.Seek(0, io.SeekCurrent)
	if err != nil {
		return
	}
	p.first, p.held = nil, body
	p.again = func() (io.ReadCloser, error) {
		return io.NopCloser(io.NewSectionReader(source, start, math.MaxInt64-start)), nil
	}
}

// oneShot reports whether the body has been handed out and cannot be had again.
func (p *payload) oneShot() bool { return !p.empty && p.first == nil && p.again == nil }

// attach gives out's attempt a body. It is wrapped and has no GetBody, so that
// net/http cannot send it a second time behind our back.
func (p *payload) attach(out *http.Request) error {
	out.Body, out.GetBody, out.ContentLength = nil, nil, 0
	if p.empty {
		return nil
	}
	body := p.first
	if p.first = nil; body == nil {
		var err error
		if body, err = p.again(); err != nil {
			return err
		}
	}
	out.Body, out.ContentLength = onlyOnce{body}, p.length
	return nil
}

// close closes a body that was never handed out, and one that was read at offsets.
func (p *payload) close() {
	if p.first != nil {
		_ = p.first.Close()
	}
	if p.held != nil {
		_ = p.held.Close()
	}
	p.first, p.held = nil, nil
}

// onlyOnce hides what kind of reader a body is.
type onlyOnce struct{ io.ReadCloser }
