package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite what the example prints")

func TestRunShowsTheChanges(t *testing.T) {
	var out bytes.Buffer
	if err := run(nil, &out); err != nil {
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
	err := run([]string{name}, &bytes.Buffer{})
	if err == nil || !strings.HasSuffix(err.Error(), `wrong.yaml:2:3: unknown vendor "rdstaton"; did you mean "rdstation"?`) {
		t.Errorf("error %v", err)
	}
}
