package deadletter_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/deadletter"
)

// Compact keeps the lines of open letters to the byte, and a Writer goes on after it.
func TestCompact(t *testing.T) {
	name := newFile(t)
	kept := at("a", `,"mood":{"good":true}`) + at("c") + mark("begun", "c")
	writeText(t, name, at("a", `,"mood":{"good":true}`)+at("b")+mark("begun", "b")+at("c")+mark("begun", "c")+mark("settled", "b")+mark("settled", "x"))
	w, err := deadletter.Open(name, deadletter.Options{Sync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for range 2 {
		if err := w.Compact(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(kept, text(t, name)); diff != "" {
			t.Fatalf("file (-want +got):\n%s", diff)
		}
	}
	write(t, w, full())
	if diff := cmp.Diff(kept+fullLine, text(t, name)); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
	if exists(name + ".tmp") {
		t.Error("a temporary file stayed")
	}
}

// Whatever fails, the letters stay and the Writer goes on.
func TestCompactReportsTheProblem(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, file string){
		"a line that is no letter": func(t *testing.T, file string) {
			writeText(t, file, strings.Replace(text(t, file), "}\n", "!\n", 1))
		},
		"a line that somebody else is writing": func(t *testing.T, file string) { appendText(t, file, `{"v":1`) },
		"no place for a new file": func(t *testing.T, file string) {
			mkdir(t, file+".tmp")
			writeText(t, filepath.Join(file+".tmp", "in the way"), "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := newFile(t)
			w := open(t, file)
			write(t, w, full())
			spoil(t, file)
			before := text(t, file)
			if err := w.Compact(); err == nil || !strings.HasPrefix(err.Error(), "deadletter: compact "+file+": ") {
				t.Errorf("error %v", err)
			}
			if got := text(t, file); got != before {
				t.Errorf("the file has %q; want %q", got, before)
			}
			if err := os.RemoveAll(file + ".tmp"); err != nil {
				t.Fatal(err)
			}
			write(t, w, deadletter.Letter{ID: "L2"})
		})
	}
}

// If the file cannot be replaced, the Writer goes on with it; if it is gone, nothing is written
// where nobody looks.
func TestCompactThatCannotRename(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "letters")
	w := open(t, name)
	write(t, w, full())
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	mkdir(t, name)
	if err := w.Compact(); err == nil {
		t.Error("no error")
	}
	if err := w.Write(full()); err == nil || !strings.Contains(err.Error(), "could not be opened again") {
		t.Errorf("error %v", err)
	}
}
