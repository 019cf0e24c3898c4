package main

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// A progress is a line on a terminal that counts records. It is safe for concurrent use.
type progress struct {
	mu                sync.Mutex // guards the fields below
	w                 io.Writer
	done, undelivered int
}

// newProgress returns a progress that writes to w.
func newProgress(w io.Writer) *progress { return &progress{w: w} }

// add counts a record and rewrites the line.
func (p *progress) add(o outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if o.Err != nil {
		p.undelivered++
	}
	fmt.Fprintf(p.w, "\r%d records, %d not delivered", p.done, p.undelivered)
}

// clear erases the line.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprint(p.w, "\r\x1b[K")
}

// terminal returns f if it is a terminal, and otherwise io.Discard.
func terminal(f *os.File) io.Writer {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return io.Discard
	}
	return f
}
