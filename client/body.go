package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// Bounds of reading an answer.
const (
	maxErrorBody = 64 << 10              // looked at of an error's body
	maxPeek      = 4 << 10               // looked at of a success that may hold an error
	bodyTimeout  = 2 * time.Second       // for either
	maxDrain     = 4 << 10               // read of an answer that nobody wants, so that the connection can be used again
	drainTimeout = 50 * time.Millisecond // for that
	stallTimeout = 30 * time.Second      // of a stream, while a Read is blocked
)

// An answerBody is what the caller reads. Its beginning may have been looked at before,
// which takes nothing away from it. It ends its attempt when it is closed, and a stream
// that stalls.
type answerBody struct {
	io.ReadCloser
	attempt  *attempt
	start    *beginning  // was looked at, and is read first; nil: nothing was
	read     int         // of that
	stall    *time.Timer // runs only while a Read is blocked; made by the first
	closed   atomic.Bool
	ended    func()      // is called at the end, before it is told; may be nil
	released func()      // is called when it is closed; may be nil
	broke    func(error) // is told if the body breaks off while it is read; may be nil
}

func (b *answerBody) Read(p []byte) (int, error) {
	if b.stall == nil {
		b.stall = time.AfterFunc(stallTimeout, func() { b.attempt.cancel(errStalled) })
	} else {
		b.stall.Reset(stallTimeout)
	}
	n, err := b.next(p)
	b.stall.Stop()
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		if b.ended != nil {
			b.ended()
		}
	default:
		err = b.attempt.why(err)
		if b.broke != nil && !b.closed.Load() {
			b.broke(err)
			b.broke = nil
		}
	}
	return n, err
}

// next reads what was looked at, and then what follows it.
func (b *answerBody) next(p []byte) (int, error) {
	for b.start != nil && !b.closed.Load() {
		isDone := b.start.isDone() // asked first: then there is no more than this
		data, err := b.start.soFar()
		switch {
		case b.read < len(data):
			n := copy(p, data[b.read:])
			b.read += n
			return n, nil
		case !isDone:
			<-b.start.done // the Read that is under way
		case err != nil:
			return 0, err
		default:
			b.start = nil
		}
	}
	if b.closed.Load() && b.ReadCloser != http.NoBody { // which has its own way
		return 0, errClosedBody
	}
	return b.ReadCloser.Read(p)
}

func (b *answerBody) Close() error {
	b.closed.Store(true)
	err := b.ReadCloser.Close()
	b.attempt.end()
	if b.released != nil {
		b.released()
	}
	return err
}

// drop closes an answer that nobody wants. A small rest of it is read before, so that
// the connection can be used again; one that is slow is not.
func (b *answerBody) drop() {
	defer func() { _ = b.Close() }()
	if b.start != nil {
		if b.start.wasStopped() {
			return
		}
		b.read = len(b.start.data)
	}
	timer := time.AfterFunc(drainTimeout, func() { _ = b.Close() })
	defer timer.Stop()
	_, _ = io.CopyN(io.Discard, readerOf(b.next), maxDrain)
}

type readerOf func([]byte) (int, error)

func (r readerOf) Read(p []byte) (int, error) { return r(p) }

// look reads the beginning of the body: up to max bytes, while wanted says that more is,
// and for no longer than bodyTimeout.
func (b *answerBody) look(max int, wanted func([]byte) bool) (head []byte, end error) {
	b.start = &beginning{done: make(chan struct{})}
	go b.start.read(b.ReadCloser, max, wanted) // ends with the attempt at the latest
	timer := time.NewTimer(bodyTimeout)
	defer timer.Stop()
	select {
	case <-b.start.done:
		return b.start.soFar()
	case <-timer.C:
		b.start.stop()
		head, _ = b.start.soFar()
		return head, errSlow
	}
}

// isDocument reports whether what begins with head may be JSON or XML: a stream of
// anything else is not looked at any further.
func isDocument(head []byte) bool {
	head = bytes.TrimLeft(head, "\xef\xbb\xbf \t\r\n")
	return len(head) == 0 || bytes.IndexByte([]byte("{[<"), head[0]) >= 0
}

func anything([]byte) bool { return true }

// isZippedDocument takes what a caller asked for in gzip for a document, as it cannot be
// told before it ends.
func isZippedDocument(head []byte) bool {
	return isDocument(head) || bytes.HasPrefix(head, []byte{0x1f}) && bytes.HasPrefix([]byte{0x1f, 0x8b}, head[:min(len(head), 2)])
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
	errSlow           = timeout("the beginning of the answer came too slowly")
)

var (
	errEnded      = errors.New("the attempt has ended")
	errClosedBody = errors.New("http: read on closed response body") // as net/http has it
)
