package wire

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// closeCounter counts how often a body is closed.
type closeCounter struct {
	io.ReadCloser
	closed atomic.Int64
}

func (c *closeCounter) Close() error {
	c.closed.Add(1)
	return c.ReadCloser.Close()
}

// stream returns a body that can be read once.
func stream(*testing.T) io.Reader { return io.MultiReader(strings.NewReader("rows")) }

// pipe returns the reading end of a pipe, which is an *os.File without an offset.
func pipe(t *testing.T) io.Reader {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_, _ = writer.WriteString("rows")
	_ = writer.Close()
	return reader
}

// file returns an open file with text, whose offset is at.
func file(t *testing.T, text string, at int64) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	return f
}
