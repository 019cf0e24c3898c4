package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/retrywise/retrywise/policy"
)

// Bounds of reading an answer that the caller never sees.
const (
	maxErrorBody = 64 << 10              // kept of an error's body, after decompression
	bodyTimeout  = 2 * time.Second       // for reading it
	maxDrain     = 4 << 10               // read beyond it, so that the connection can be used again
	drainTimeout = 50 * time.Millisecond // for that
	maxPeek      = 4 << 10               // looked at of a success that may hold an error
	stallTimeout = 30 * time.Second      // of a stream, while a Read is blocked
)

// A payload is a request body that is handed to one attempt after the other.
type payload struct {
	first  io.ReadCloser                 // nil: handed out, or there is none
	again  func() (io.ReadCloser, error) // nil: it can be read only once
	length int64
	empty  bool
}

func payloadOf(req *http.Request) payload {
	if req.Body == nil || req.Body == http.NoBody {
		return payload{empty: true}
	}
	return payload{first: req.Body, again: req.GetBody, length: req.ContentLength}
}

// oneShot reports whether the body has been handed out and cannot be had again.
func (p *payload) oneShot() bool { return !p.empty && p.first == nil && p.again == nil }

// attach gives out's attempt a body. It is wrapped and has no GetBody, so that
// net/http cannot send it a second time behind our back.
func (p *payload) attach(out *http.Request) error {
	out.Body, out.GetBody, out.ContentLength = nil, nil, 0
	if p.empty {
		if !policy.IsIdempotent(out.Method) && slices.ContainsFunc(repeatsByItself, func(h string) bool { return out.Header[h] != nil }) {
			out.Body = onlyOnce{http.NoBody} // sent as an empty chunked body
		}
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

// close closes a body that was never handed out.
func (p *payload) close() {
	if p.first != nil {
		_ = p.first.Close()
		p.first = nil
	}
}

// onlyOnce hides what kind of reader a body is.
type onlyOnce struct{ io.ReadCloser }

// answerBody ends its attempt when it is closed, and a stream that stalls.
type answerBody struct {
	io.ReadCloser
	attempt *attempt    // ends with the body
	head    []byte      // was looked at, and is read first
	watched bool        // a Read that is blocked for too long ends the attempt
	stall   *time.Timer // runs only while a Read is blocked; made by the first
}

func (b *answerBody) Read(p []byte) (int, error) {
	if len(b.head) > 0 {
		n := copy(p, b.head)
		b.head = b.head[n:]
		return n, nil
	}
	if !b.watched {
		return b.ReadCloser.Read(p)
	}
	if b.stall == nil {
		b.stall = time.AfterFunc(stallTimeout, func() { b.attempt.cancel(errStalled) })
	} else {
		b.stall.Reset(stallTimeout)
	}
	n, err := b.ReadCloser.Read(p)
	b.stall.Stop()
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.attempt.why(err)
	}
	return n, err
}

func (b *answerBody) Close() error {
	err := b.ReadCloser.Close()
	b.attempt.cancel(errEnded)
	return err
}

// peek looks at the beginning of the answer, and reports whether that is all of it. It
// takes nothing away from what is read afterwards.
func (b *answerBody) peek() (head []byte, isAll bool, err error) {
	head = make([]byte, 0, maxPeek)
	for err == nil && len(head) < maxPeek && isDocument(head) {
		var n int
		n, err = b.ReadCloser.Read(head[len(head):maxPeek])
		head = head[:len(head)+n]
	}
	b.head = head
	if errors.Is(err, io.EOF) {
		return head, true, nil
	}
	return head, false, err
}

// isDocument reports whether what begins with head may be JSON or XML: a stream of
// anything else is not waited for.
func isDocument(head []byte) bool {
	head = bytes.TrimLeft(head, "\xef\xbb\xbf \t\r\n")
	return len(head) == 0 || bytes.IndexByte([]byte("{[<"), head[0]) >= 0
}

// keep reads the error body of an answer, within its bounds, and closes it. A body that
// breaks off is kept as far as it came, and is not whole; one that is clipped at the
// bound is, as asking again would bring no more of it.
func (b *answerBody) keep() (kept []byte, whole bool) {
	defer func() { _ = b.Close() }()
	timer := time.AfterFunc(bodyTimeout, func() { b.attempt.cancel(errSlow) })
	kept, err := io.ReadAll(io.LimitReader(b, maxErrorBody))
	timer.Stop()
	if err != nil || len(kept) < maxErrorBody {
		return kept, err == nil
	}
	timer = time.AfterFunc(drainTimeout, func() { b.attempt.cancel(errSlow) })
	defer timer.Stop()
	_, _ = io.CopyN(io.Discard, b, maxDrain)
	return kept, true
}

// timeout is why an attempt was ended for want of time. It is a deadline as far as
// errors.Is can tell.
type timeout string

func (t timeout) Error() string        { return string(t) }
func (t timeout) Timeout() bool        { return true }
func (t timeout) Is(target error) bool { return target == context.DeadlineExceeded }

const (
	errAttemptTimeout = timeout("no answer within the attempt's timeout")
	errStalled        = timeout("the answer stalled for 30 s")
	errSlow           = timeout("the error's body came too slowly")
)

var errEnded = errors.New("the attempt has ended")
