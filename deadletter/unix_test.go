//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package deadletter_test

import (
	"os"
	"path/filepath"
	"testing"
)

// Letters may have personal data: their files are for their user alone.
func TestFilesAreForTheirUserAlone(t *testing.T) {
	name := newFile(t)
	writeText(t, name, fullLine+`{"v":1,`)
	if err := os.Chmod(name, 0o640); err != nil { // the user's own choice
		t.Fatal(err)
	}
	other := filepath.Join(filepath.Dir(name), "other")
	if err := open(t, name).Compact(); err != nil {
		t.Fatal(err)
	}
	write(t, open(t, other), full())
	for file, want := range map[string]os.FileMode{name: 0o640, name + ".torn": 0o600, name + ".lock": 0o600, other: 0o600} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s: mode %v; want %v", file, info.Mode(), want)
		}
	}
}
