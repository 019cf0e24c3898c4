package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// someSettings are those of a short job with some of the records.
func someSettings(t *testing.T) settings {
	t.Helper()
	dir := t.TempDir()
	few := func(name, text string, lines int) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(strings.Join(strings.SplitAfter(text, "\n")[:lines], "")), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return settings{
		seed: 3, faults: 0.05, workers: 4, maxDelay: 5 * time.Second, exportTimeout: 5 * time.Second, campaigns: 4,
		contacts: few("contacts.csv", contactsCSV, 60), purchases: few("purchases.csv", purchasesCSV, 30),
		deadLetters: filepath.Join(dir, "dead-letters.jsonl"),
	}
}

func TestRunOverTCP(t *testing.T) {
	s := someSettings(t)
	var out, line bytes.Buffer
	if err := run(t.Context(), s, &out, newProgress(&line)); err != nil || !strings.Contains(out.String(), "ledgers agree") {
		t.Errorf("%v\n%s", err, out.String())
	}
	if _, err := os.Stat(s.deadLetters); err != nil {
		t.Error(err)
	}
	if !strings.HasPrefix(line.String(), "\r1 records, ") || !strings.HasSuffix(line.String(), "not delivered\r\x1b[K") {
		t.Errorf("progress %q; want a line that is erased", line.String())
	}
	if err := run(t.Context(), settings{}, &out, newProgress(&line)); err == nil {
		t.Error("a job without workers ran")
	}
}

// An interrupted job prints its report, writes what was not delivered, and exits with 1.
func TestCommandIsInterrupted(t *testing.T) {
	s := someSettings(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	progress := newProgress(writerFunc(func() { cancel(errors.New("interrupt")) })) // at the first record
	var out, problems bytes.Buffer
	args := []string{"-contacts", s.contacts, "-purchases", s.purchases, "-dead-letters", s.deadLetters}
	if code := command(ctx, args, &out, &problems, progress); code != 1 {
		t.Errorf("exit code %d; want 1", code)
	}
	if want := "sync: the job was stopped: interrupt\n"; problems.String() != want {
		t.Errorf("problem %q; want %q", problems.String(), want)
	}
	for _, want := range []string{"records were delivered\n", "not delivered: go run ./examples/sync -replay " + s.deadLetters, "ledgers agree"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	if letters, err := os.ReadFile(s.deadLetters); err != nil || strings.Count(string(letters), `"class":"canceled"`) < 50 {
		t.Errorf("error %v, dead letters:\n%s", err, letters)
	}
}

// A writerFunc is called for each write.
type writerFunc func()

func (f writerFunc) Write(p []byte) (int, error) {
	f()
	return len(p), nil
}

func TestCommandExitsWith(t *testing.T) {
	for arg, want := range map[string]int{"-h": 0, "-workers=0": 1, "-faults=2": 1, "-sed=7": 2, "now": 2} {
		var out bytes.Buffer
		if got := command(t.Context(), []string{arg}, &out, &out, newProgress(io.Discard)); got != want || out.Len() == 0 {
			t.Errorf("%s: exit code %d, printed %q; want %d", arg, got, out.String(), want)
		}
	}
}

func TestParseArgs(t *testing.T) {
	for name, tt := range map[string]struct {
		args    []string
		seed    uint64
		problem string // the first line that is printed
		err     bool
	}{
		"no flags":         {nil, 2, "", false},
		"a flag":           {[]string{"-seed", "7"}, 7, "", false},
		"help":             {[]string{"-h"}, 0, "Usage of sync:", true},
		"a stray argument": {[]string{"-seed", "7", "now"}, 0, "unexpected argument: now", true},
		"an unknown flag":  {[]string{"-sed", "7"}, 0, "flag provided but not defined: -sed", true},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			s, err := parseArgs(tt.args, &out)
			problem, _, _ := strings.Cut(out.String(), "\n")
			if s.seed != tt.seed || problem != tt.problem || (err != nil) != tt.err {
				t.Errorf("seed %d, printed %q, error %v; want %+v", s.seed, out.String(), err, tt)
			}
			if tt.err && !strings.Contains(out.String(), "Usage of sync:") {
				t.Errorf("no usage in %q", out.String())
			}
		})
	}
}

// A file or a pipe is not a terminal, so it gets no progress line.
func TestTerminal(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if terminal(f) != io.Discard {
		t.Error("a file is taken for a terminal")
	}
}
