package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite what the example prints")

func TestRunPrintsTheChanges(t *testing.T) {
	var out bytes.Buffer
	if err := run("", &out); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/changes.txt"
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
}

func TestRunReportsAWrongFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "wrong.yaml")
	if err := os.WriteFile(name, []byte("vendors:\n  rdstaton: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := run(name, &bytes.Buffer{})
	if err == nil || !strings.HasSuffix(err.Error(), `wrong.yaml:2:3: unknown vendor "rdstaton"; did you mean "rdstation"?`) {
		t.Errorf("error %v", err)
	}
}

func TestParseArgs(t *testing.T) {
	for name, tt := range map[string]struct {
		args    []string
		file    string
		problem string // the first line that is printed
		err     bool
	}{
		"no file":         {nil, "", "", false},
		"a file":          {[]string{"a.yaml"}, "a.yaml", "", false},
		"help":            {[]string{"-h"}, "", "usage: policies [file]", true},
		"two files":       {[]string{"a.yaml", "b.yaml"}, "", "unexpected argument: b.yaml", true},
		"an unknown flag": {[]string{"-v"}, "", "flag provided but not defined: -v", true},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			file, err := parseArgs(tt.args, &out)
			problem, _, _ := strings.Cut(out.String(), "\n")
			if file != tt.file || problem != tt.problem || (err != nil) != tt.err {
				t.Errorf("file %q, printed %q, error %v; want %+v", file, out.String(), err, tt)
			}
			if tt.err && !strings.Contains(out.String(), "usage: ") {
				t.Errorf("no usage in %q", out.String())
			}
			if name == "help" && !errors.Is(err, flag.ErrHelp) {
				t.Errorf("error %v; want flag.ErrHelp", err)
			}
		})
	}
}
