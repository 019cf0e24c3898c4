package deadletter_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/deadletter"
	apierrors "github.com/retrywise/retrywise/errors"
)

var moment = time.Date(2026, 11, 26, 7, 0, 0, 0, time.UTC)

// full has a value in every field.
func full() deadletter.Letter {
	return deadletter.Letter{
		ID: "L1", At: moment, Record: "P-1", Op: "purchases.create", IdempotencyKey: "k-1", Repeatable: true,
		Payload: json.RawMessage(`{"a":"<&>","n":1.50}`), KeyUntil: moment.Add(time.Hour), Begun: moment.Add(time.Second),
		Applied: apierrors.AppliedNo, Vendor: "connectif", Class: apierrors.Validation, Action: apierrors.Surface, Stop: apierrors.StopPermanent,
		Status: 422, Code: "BAD", Summary: "It is bad.", Hint: "Mend it.", Fields: []deadletter.Field{{Path: "name", Code: "BLANK"}},
		RequestID: "r-1", RetryAt: moment.Add(time.Minute), Attempts: 3,
	}
}

const fullLine = `{"v":1,"is":"letter","id":"L1","at":"2026-11-26T07:00:00Z","record":"P-1","op":"purchases.create","key":"k-1","repeatable":true,` +
	`"payload":{"a":"<&>","n":1.50},"key_until":"2026-11-26T08:00:00Z","applied":"no","begun":"2026-11-26T07:00:01Z","vendor":"connectif",` +
	`"class":"validation","action":"surface","stop":"permanent","status":422,"code":"BAD","summary":"It is bad.","hint":"Mend it.",` +
	`"fields":[{"path":"name","code":"BLANK"}],"request_id":"r-1","retry_at":"2026-11-26T07:01:00Z","attempts":3}` + "\n"

// The format of a line is a promise: other programs read it.
func TestWriteAppendsALine(t *testing.T) {
	name := newFile(t)
	w := open(t, name)
	write(t, w, full(), deadletter.Letter{ID: "L2", At: moment, Payload: json.RawMessage("{\n\"a\": 1\n}")})
	want := fullLine + `{"v":1,"is":"letter","id":"L2","at":"2026-11-26T07:00:00Z","payload":{"a":1},"applied":"unknown","class":"none","action":"none","stop":"none"}` + "\n"
	if diff := cmp.Diff(want, text(t, name)); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
	second := deadletter.Letter{ID: "L2", Payload: json.RawMessage(`{"a":1}`)}
	wantLetters(t, name, []deadletter.Letter{full(), second})
}

func TestWriteGivesAnIDAndATime(t *testing.T) {
	name := newFile(t)
	w := open(t, name)
	write(t, w, deadletter.Letter{Record: "a"}, deadletter.Letter{Record: "b"})
	got, err := read(name)
	if err != nil || len(got) != 2 {
		t.Fatalf("%d letters, %v", len(got), err)
	}
	if got[0].ID == "" || got[0].ID == got[1].ID || got[0].At.IsZero() {
		t.Errorf("ids %q and %q, at %v", got[0].ID, got[1].ID, got[0].At)
	}
}

// A letter that was read and is written again is one letter.
func TestWriteReplacesALetterThatWasRead(t *testing.T) {
	name := newFile(t)
	w := open(t, name)
	write(t, w, deadletter.Letter{Record: "a", Applied: apierrors.AppliedNo}, deadletter.Letter{Record: "b"})
	letters, err := read(name)
	if err != nil {
		t.Fatal(err)
	}
	letters[0].Hint = "Mend it."
	if err := w.Write(letters[0]); err != nil {
		t.Fatal(err)
	}
	wantLetters(t, name, []deadletter.Letter{{Record: "b"}, {Record: "a", Applied: apierrors.AppliedNo, Hint: "Mend it."}}, "ID")
}

func TestWriteRefuses(t *testing.T) {
	name := newFile(t)
	w := open(t, name)
	for want, l := range map[string]deadletter.Letter{
		"deadletter: the payload is not JSON":                  {Payload: json.RawMessage(`{"a":`)},
		"deadletter: the record key is not UTF-8":              {Record: "a\xff"},
		"deadletter: the idempotency key is not UTF-8":         {IdempotencyKey: "a\xff"},
		"deadletter: the op is not UTF-8":                      {Op: "a\xff"},
		"deadletter: the letter is longer than 16777216 bytes": {Record: strings.Repeat("a", 16<<20)},
		"class(255) is not a known class":                      {Class: 255},
		"Time.MarshalJSON: year outside of range [0,9999]":     {RetryAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if err := w.Write(l); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("error %v; want %s", err, want)
		}
	}
	if got := text(t, name); got != "" {
		t.Errorf("the file has %q; want nothing", got)
	}
}

// Letters of many goroutines are whole lines.
func TestWriteFromManyGoroutines(t *testing.T) {
	name := newFile(t)
	w := open(t, name)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 50 {
				if err := w.Write(deadletter.Letter{Record: fmt.Sprint(i, n), Hint: strings.Repeat("x", 100*i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got, err := read(name); len(got) != 400 || err != nil {
		t.Errorf("%d letters, %v; want 400", len(got), err)
	}
}

func TestOpenRefusesASecondWriter(t *testing.T) {
	name := newFile(t)
	first := open(t, name)
	write(t, first, deadletter.Letter{ID: "L1"})
	_, err := deadletter.Open(name, deadletter.Options{})
	if want := "deadletter: cannot write to " + name + ": another Writer has the file"; !errors.Is(err, deadletter.ErrLocked) || err.Error() != want {
		t.Errorf("error %v; want %s", err, want)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, open(t, name), deadletter.Letter{ID: "L2"})
	wantLetters(t, name, []deadletter.Letter{{ID: "L1"}, {ID: "L2"}})
}

func TestOpenReportsTheProblem(t *testing.T) {
	for name, tt := range map[string]struct {
		file func(folder string) string
		want error
	}{
		"no folder": {func(folder string) string { return filepath.Join(folder, "missing", "letters") }, fs.ErrNotExist},
		"a folder":  {func(folder string) string { return mkdir(t, filepath.Join(folder, "letters")) }, nil},
		"a lock is a folder": {func(folder string) string {
			mkdir(t, filepath.Join(folder, "letters.lock"))
			return filepath.Join(folder, "letters")
		}, nil},
		"nowhere for a torn line": {func(folder string) string {
			mkdir(t, filepath.Join(folder, "letters.torn"))
			return newText(t, folder, `{"v":1,`)
		}, nil},
		"a line without an end": {func(folder string) string {
			return newText(t, folder, fullLine+strings.Repeat("x", 20<<20))
		}, nil},
		"a first line without an end": {func(folder string) string {
			return newText(t, folder, strings.Repeat(" ", 20<<20))
		}, nil},
		"a table":       {func(folder string) string { return newText(t, folder, "step,line\ncontacts,7") }, nil},
		"a short text":  {func(folder string) string { return newText(t, folder, "step") }, nil},
		"a JSON object": {func(folder string) string { return newText(t, folder, `{"v":1}`) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			file := tt.file(t.TempDir())
			size := sizeOf(file)
			w, err := deadletter.Open(file, deadletter.Options{})
			if w != nil || err == nil || !strings.HasPrefix(err.Error(), "deadletter: cannot write to "+file+": ") {
				t.Fatalf("writer %v, error %v", w, err)
			}
			if tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("error %v; want %v", err, tt.want)
			}
			if now := sizeOf(file); now != size {
				t.Errorf("the file had %d bytes, and has %d", size, now)
			}
			if _, again := deadletter.Open(file, deadletter.Options{}); errors.Is(again, deadletter.ErrLocked) {
				t.Error("the lock was not given up")
			}
		})
	}
}

// newText makes a file of letters with a text, and returns its name.
func newText(t *testing.T, folder, text string) string {
	t.Helper()
	writeText(t, filepath.Join(folder, "letters"), text)
	return filepath.Join(folder, "letters")
}

// sizeOf returns the size of a file, or -1 if it is none.
func sizeOf(name string) int64 {
	info, err := os.Stat(name)
	if err != nil || info.IsDir() {
		return -1
	}
	return info.Size()
}

func mkdir(t *testing.T, name string) string {
	t.Helper()
	if err := os.Mkdir(name, 0o700); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestCloseEndsTheWriter(t *testing.T) {
	w := open(t, newFile(t))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, replayed := deadletter.Replay(t.Context(), w, deadletter.ReplayOptions{Send: func(context.Context, deadletter.Letter) error { return nil }})
	for name, err := range map[string]error{"Write": w.Write(full()), "Compact": w.Compact(), "Close": w.Close(), "Replay": replayed} {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: error %v; want os.ErrClosed", name, err)
		}
	}
}

// Deliver leaves nothing of a success, and a letter of a failure.
func TestDeliver(t *testing.T) {
	refused := &apierrors.Error{Class: apierrors.Validation, Action: apierrors.Surface, Applied: apierrors.AppliedNo}
	for name, tt := range map[string]struct {
		err  error
		want []deadletter.Letter
	}{
		"a success":                {nil, nil},
		"a refusal":                {refused, []deadletter.Letter{{Record: "P-1", Op: "o", Class: apierrors.Validation, Action: apierrors.Surface, Applied: apierrors.AppliedNo}}},
		"an error of another kind": {errors.New("down"), []deadletter.Letter{{Record: "P-1", Op: "o", Class: apierrors.Unknown}}},
	} {
		t.Run(name, func(t *testing.T) {
			file := newFile(t)
			w, err := deadletter.Open(file, deadletter.Options{Sync: true})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			err = w.Deliver(t.Context(), deadletter.Record{Key: "P-1", Op: "o"}, func(context.Context) error {
				during, err := read(file)
				if err != nil || len(during) != 1 || !during[0].InDoubt() || during[0].Applied != apierrors.AppliedNo {
					t.Errorf("while it is sent: %+v, %v; want one letter in doubt", during, err)
				}
				return tt.err
			})
			if !errors.Is(err, tt.err) {
				t.Errorf("error %v; want %v", err, tt.err)
			}
			wantLetters(t, file, tt.want, "ID")
		})
	}
}

// What cannot be noted is not sent.
func TestDeliverWithoutAFile(t *testing.T) {
	w := open(t, newFile(t))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	err := w.Deliver(t.Context(), deadletter.Record{Key: "P-1"}, func(context.Context) error {
		t.Error("it was sent")
		return nil
	})
	if !errors.Is(err, os.ErrClosed) {
		t.Errorf("error %v; want os.ErrClosed", err)
	}
}

// A letter can be given up, or replaced by another one.
func TestSettle(t *testing.T) {
	name := newFile(t)
	w := open(t, name)
	write(t, w, deadletter.Letter{ID: "a"}, deadletter.Letter{ID: "b"}, deadletter.Letter{ID: "c", Replaces: "a"})
	for _, id := range []string{"b", "missing"} {
		if err := w.Settle(id); err != nil {
			t.Fatal(err)
		}
	}
	wantLetters(t, name, []deadletter.Letter{{ID: "c"}})
	if err := w.Compact(); err != nil {
		t.Fatal(err)
	}
	wantLetters(t, name, []deadletter.Letter{{ID: "c"}})
}
