package deadletter_test

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/retrywise/retrywise/deadletter"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newFile returns the name of a file that does not exist.
func newFile(t testing.TB) string { return filepath.Join(t.TempDir(), "letters.jsonl") }

// open opens a file, without a log.
func open(t testing.TB, name string) *deadletter.Writer {
	t.Helper()
	w, err := deadletter.Open(name, deadletter.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// write writes letters, those with an ID under it.
func write(t testing.TB, w *deadletter.Writer, letters ...deadletter.Letter) {
	t.Helper()
	for _, l := range letters {
		put := w.Write
		if l.ID != "" {
			put = w.Put
		}
		if err := put(l); err != nil {
			t.Fatal(err)
		}
	}
}

// read returns the open letters of a file, and the error at its end.
func read(name string) (letters []deadletter.Letter, err error) {
	for l, problem := range deadletter.Letters(name) {
		if problem != nil {
			return letters, problem
		}
		letters = append(letters, l)
	}
	return letters, nil
}

// wantLetters compares the open letters of a file with those that are wanted.
func wantLetters(t *testing.T, name string, want []deadletter.Letter, ignored ...string) {
	t.Helper()
	got, err := read(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(deadletter.Letter{}, append(ignored, "At", "Replaces")...)); diff != "" {
		t.Errorf("letters (-want +got):\n%s", diff)
	}
}

// text returns what a file has.
func text(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// writeText replaces what a file has.
func writeText(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// appendText appends to a file as a foreign program does.
func appendText(t testing.TB, name, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.WriteString(f, text); err != nil {
		t.Fatal(err)
	}
}
