package deadletter

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// If what was written of a line cannot be taken back, nothing is written behind it.
func TestWriteAfterATornLine(t *testing.T) {
	for name, sabotage := range map[string]func(w *Writer) error{
		"the file was closed": func(w *Writer) error { return w.file.Close() },
		"the file is read-only": func(w *Writer) (err error) {
			old := w.file
			w.file, err = os.Open(w.name)
			return errors.Join(err, old.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := Open(filepath.Join(t.TempDir(), "letters"), Options{Sync: true})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			if err := sabotage(w); err != nil {
				t.Fatal(err)
			}
			if err := w.Write(Letter{ID: "a"}); err == nil || !strings.HasPrefix(err.Error(), "deadletter: write ") {
				t.Errorf("error %v", err)
			}
			want := "deadletter: " + w.name + " may end in a torn line; open it again: "
			if err := w.Write(Letter{ID: "b"}); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error %v; want %s", err, want)
			}
		})
	}
}
