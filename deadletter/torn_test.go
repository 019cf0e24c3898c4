package deadletter_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/deadletter"
)

// A crash tears the last line at any of its bytes: the letters before it stay, what is left of it
// is told and set apart, and the next letter is a line of its own.
func TestOpenSetsATornLineApart(t *testing.T) {
	const line = `{"v":1,"is":"letter","id":"L1","record":"Zoë","payload":{"a":["\"}\n",1.5,null]},"applied":"no","fields":[{"path":"name"}]}` + "\n"
	const before = `{"v":1,"is":"letter","id":"L0","at":"2026-11-26T07:00:00Z","applied":"no","class":"none","action":"none","stop":"none"}` + "\n"
	for _, first := range []string{before, ""} {
		for n := 1; n < len(line); n++ {
			name, rest := newFile(t), line[:n]
			writeText(t, name, first+rest)
			isWhole := n == len(line)-1 // it lacks only its line break
			readBefore(t, name, first, isWhole)
			var log bytes.Buffer
			w, err := deadletter.Open(name, deadletter.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatalf("torn after %d bytes: %v", n, err)
			}
			write(t, w, deadletter.Letter{ID: "L2"})
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			after, err := read(name)
			if err != nil || len(after) != strings.Count(first, "\n")+count(isWhole)+1 || after[len(after)-1].ID != "L2" {
				t.Fatalf("torn after %d bytes: letters %v, %v", n, after, err)
			}
			if isWhole {
				if w.Torn() != 0 || log.Len() > 0 || exists(name+".torn") {
					t.Errorf("a whole line was set apart: %d bytes\n%s", w.Torn(), log.String())
				}
				continue
			}
			if got := text(t, name+".torn"); got != rest+"\n" || w.Torn() != n || !strings.Contains(log.String(), fmt.Sprintf("bytes=%d", n)) {
				t.Fatalf("torn after %d bytes: %d told, set apart %q, log %s", n, w.Torn(), got, log.String())
			}
		}
	}
}

// readBefore reads a file whose last line is torn: the letters before it, and then the error.
func readBefore(t *testing.T, name, first string, isWhole bool) {
	t.Helper()
	got, err := read(name)
	if len(got) != strings.Count(first, "\n")+count(isWhole) || errors.Is(err, deadletter.ErrTorn) == isWhole || isWhole && err != nil {
		t.Fatalf("%d letters, %v; whole: %v", len(got), err, isWhole)
	}
	if want := fmt.Sprintf("%s:%d: %v", name, strings.Count(first, "\n")+1, deadletter.ErrTorn); !isWhole && err.Error() != want {
		t.Fatalf("error %v; want %s", err, want)
	}
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// A second torn line does not replace the first one.
func TestOpenKeepsAllTornLines(t *testing.T) {
	name := newFile(t)
	writeText(t, name, fullLine+`{"v":1,"first`)
	if err := open(t, name).Close(); err != nil {
		t.Fatal(err)
	}
	appendText(t, name, `{"v":1,"second`)
	if err := open(t, name).Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("{\"v\":1,\"first\n{\"v\":1,\"second\n", text(t, name+".torn")); diff != "" {
		t.Errorf("set apart (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(fullLine, text(t, name)); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
}

// A torn line is found however long it is.
func TestOpenSetsALongTornLineApart(t *testing.T) {
	name, long := newFile(t), `{"v":1,"record":"`+strings.Repeat("x", 300<<10)
	writeText(t, name, fullLine+long)
	if w := open(t, name); w.Torn() != len(long) {
		t.Errorf("%d bytes were set apart; want %d", w.Torn(), len(long))
	}
}

// Without a Logger, the default one tells.
func TestOpenTellsByDefault(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	name := newFile(t)
	writeText(t, name, `{"v":1,`)
	w, err := deadletter.Open(name, deadletter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if !strings.Contains(log.String(), "was torn") || strings.Contains(log.String(), `"v":1`) {
		t.Errorf("log %q", log.String())
	}
}
