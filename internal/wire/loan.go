package wire

import (
	"errors"
	"io"
	"sync"
)

// A loan is the body of one attempt, and ends with it: a Read that waits for the caller's
// body returns then, and what that body does later is not a failure of the attempt. It
// hides the reader's type.
type loan struct {
	source  io.Reader
	own     io.Closer // belongs to this attempt alone; nil: the payload closes the caller's body
	payload *Payload
	attempt *Attempt
	pump    *pump         // reads the source; nil: the source never blocks
	closed  chan struct{} // by giveBack
	count   int64         // bytes read
	once    sync.Once

	mu         sync.Mutex
	wasRead    bool
	ended      bool // the attempt has
	returnedOn int  // the number of the connection for which it was closed unread; 0: it was not
}

// newLoan returns a loan of a reader.
func newLoan(source io.Reader, own io.Closer, p *Payload, a *Attempt) *loan {
	l := &loan{source: source, own: own, payload: p, attempt: a, closed: make(chan struct{})}
	if !isInMemory(source) && p.section == nil {
		l.pump = newPump(source)
	}
	return l
}

// hasEnded reports whether the attempt is over, or the transport has closed the body.
func (l *loan) hasEnded() bool {
	select {
	case <-l.closed:
		return true
	case <-l.attempt.ctx.Done():
		return true
	default:
		return false
	}
}

// Read notes that the request makes progress, or that its body failed.
func (l *loan) Read(buffer []byte) (int, error) {
	if l.hasEnded() || !l.beginRead() {
		return 0, errEnded
	}
	l.payload.noteRead()
	l.attempt.bodyWasRead.Store(true)
	n, err := l.read(buffer)
	if l.hasEnded() {
		return 0, errEnded
	}
	if n > 0 || err != nil {
		l.attempt.clock.progress()
	}
	return n, l.check(n, err)
}

func (l *loan) read(buffer []byte) (int, error) {
	if l.pump == nil {
		return l.source.Read(buffer)
	}
	return l.pump.read(buffer, l)
}

// check compares what was read with the length that the request declares, and marks an
// error as the caller's.
func (l *loan) check(n int, err error) error {
	l.count += int64(n)
	isEnd, length := errors.Is(err, io.EOF), l.payload.length
	isWrongLength := length > 0 && (l.count > length || isEnd && l.count < length)
	if isWrongLength || err != nil && !isEnd {
		l.attempt.bodyFailed.Store(true)
	}
	if err != nil && !isEnd {
		return &BodyError{err}
	}
	return err
}

// beginRead reports whether the body may be read. One that was closed unread is read for
// another connection only: of an aborted stream, net/http may begin to read it all the same.
func (l *loan) beginRead() bool {
	conn, _ := l.attempt.proof.conn()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wasRead = true
	return l.returnedOn == 0 || l.returnedOn != conn
}

// Close gives the body back. If neither it was read nor the header of the request was written,
// it stays open until the attempt ends: net/http takes it to another connection of HTTP/2 if
// it could not use the first.
func (l *loan) Close() error {
	conn, isWritten := l.attempt.proof.conn()
	l.mu.Lock()
	stays := conn != 0 && !isWritten && !l.wasRead && !l.ended
	if stays {
		l.returnedOn = conn
	}
	l.mu.Unlock()
	if stays {
		return nil
	}
	return l.giveBack()
}

// end ends the loan with its attempt, also if the transport forgets to close the body. A nil
// loan is of no body.
func (l *loan) end() {
	if l == nil {
		return
	}
	l.mu.Lock()
	l.ended = true
	l.mu.Unlock()
	_ = l.giveBack()
}

// giveBack gives the body back. The caller's body is closed by it, or later: its Close may
// wait for a Read that is under way.
func (l *loan) giveBack() (err error) {
	l.once.Do(func() {
		close(l.closed)
		unwanted := l.own
		if unwanted == nil {
			unwanted = l.payload.giveBack()
		}
		switch {
		case unwanted == nil:
		case l.pump.isReading():
			go func() { _ = closeSafely(unwanted) }() // ends when the caller's body lets it
		default:
			err = closeSafely(unwanted)
		}
	})
	return err
}

// closeSafely closes a body of the caller's, whose Close may panic.
func closeSafely(c io.Closer) (err error) {
	defer func() {
		if recover() != nil {
			err = errPanicked
		}
	}()
	return c.Close()
}

var errPanicked = errors.New("a body panicked")
