package wire

import (
	"bytes"
	"io"
	"reflect"
	"strings"
	"sync/atomic"
)

// A pump reads a source that may block in a goroutine of its own, so that nobody has to
// wait for it. The goroutine ends with the loan, or with the Read that is then under way.
type pump struct {
	source  io.Reader
	asked   chan int    // how many bytes are wanted
	done    chan pumped // has room for one
	buffer  []byte      // nil: the goroutine has not begun
	reading atomic.Bool // a Read is under way
}

// pumped is how a Read ended.
type pumped struct {
	n   int
	err error
}

// pumpSize is that of net/http's and io.Copy's buffers.
const pumpSize = 32 << 10

func newPump(source io.Reader) *pump {
	return &pump{source: source, asked: make(chan int), done: make(chan pumped, 1)}
}

// read reads up to a buffer's length, until the loan ends. It is not called again then.
func (p *pump) read(buffer []byte, l *loan) (int, error) {
	if p.buffer == nil {
		p.buffer = make([]byte, pumpSize)
		go p.run(l)
	}
	select {
	case p.asked <- min(len(buffer), len(p.buffer)):
	case <-l.closed:
		return 0, errEnded
	case <-l.attempt.ctx.Done():
		return 0, errEnded
	}
	select {
	case r := <-p.done:
		return copy(buffer, p.buffer[:r.n]), r.err
	case <-l.closed:
		return 0, errEnded
	case <-l.attempt.ctx.Done():
		return 0, errEnded
	}
}

func (p *pump) run(l *loan) {
	for {
		select {
		case n := <-p.asked:
			p.readOnce(n)
		case <-l.closed:
			return
		case <-l.attempt.ctx.Done():
			return
		}
	}
}

// readOnce reads into the buffer. A source that panics, or ends the goroutine, has failed.
func (p *pump) readOnce(n int) {
	r := pumped{err: errPanicked}
	p.reading.Store(true)
	defer func() {
		_ = recover()
		p.reading.Store(false)
		p.done <- r
	}()
	r.n, r.err = p.source.Read(p.buffer[:n])
}

// isReading reports whether a Read is under way. A nil pump has none.
func (p *pump) isReading() bool { return p != nil && p.reading.Load() }

// isInMemory reports whether r is a reader of the standard library that never blocks, as
// http.NewRequest takes it for a body.
func isInMemory(r io.Reader) bool {
	if wrapped := reflect.ValueOf(r); isNopCloser(wrapped.Type()) {
		r, _ = wrapped.Field(0).Interface().(io.Reader)
	}
	switch r.(type) {
	case *bytes.Reader, *bytes.Buffer, *strings.Reader:
		return true
	default:
		return false
	}
}

// isNopCloser reports whether t is one of the two types that io.NopCloser returns.
func isNopCloser(t reflect.Type) bool {
	return t == reflect.TypeOf(io.NopCloser(nil)) || t == reflect.TypeOf(io.NopCloser((*bytes.Buffer)(nil)))
}
