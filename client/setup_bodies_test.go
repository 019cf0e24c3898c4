package client_test

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// bodyTracker is a request body that records whether it was closed.
type bodyTracker struct {
	io.Reader
	closed bool
}

func (b *bodyTracker) Close() error {
	b.closed = true
	return nil
}

// watched is a body that counts itself in open until it is closed.
type watched struct {
	io.Reader
	open *atomic.Int64
	once atomic.Bool
}

func (w *watched) Close() error {
	if !w.once.Swap(true) {
		w.open.Add(-1)
	}
	return nil
}

func watch(r io.Reader, open *atomic.Int64) *watched {
	open.Add(1)
	return &watched{Reader: r, open: open}
}

// failingBody is a reader that fails.
type failingBody struct{}

func (failingBody) Read([]byte) (int, error) { return 0, errOfTheTest }

// errOfTheTest is the error that a test makes and looks for.
var errOfTheTest = errors.New("made by the test")

// atEnd is an empty reader that calls a function when it is read.
type atEnd func()

func (f atEnd) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}

// unsized returns a body whose length net/http does not know.
func unsized(text string) io.ReadCloser { return io.NopCloser(strings.NewReader(text)) }

// breaks is a body that fails in its first Read, and then returns io.EOF.
type breaks struct{ n int }

func (b *breaks) Read(p []byte) (int, error) {
	if b.n++; b.n > 1 {
		return 0, io.EOF
	}
	return copy(p, "half"), errOfTheTest
}

// filled is a body of rest bytes, which are read in pieces. Then it ends, or blocks until
// it is closed if slow is set. It counts in read what was read.
type filled struct {
	rest, piece int
	slow        bool
	done        chan struct{} // closed by Close
	once        sync.Once
	read        *atomic.Int64
}

func (b *filled) Read(p []byte) (int, error) {
	n := min(len(p), b.rest, b.piece)
	b.rest -= n
	b.read.Add(int64(n))
	switch {
	case n > 0:
		return n, nil
	case b.slow:
		<-b.done
		return 0, net.ErrClosed
	default:
		return 0, io.EOF
	}
}

func (b *filled) Close() error {
	b.once.Do(func() { close(b.done) })
	return nil
}

// fileOf returns an open file with text, whose offset is at.
func fileOf(t *testing.T, text string, at int64) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Seek(at, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	return file
}

// A readerFunc is an io.Reader that is a function.
type readerFunc func([]byte) (int, error)

func (r readerFunc) Read(p []byte) (int, error) { return r(p) }
