//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package filelock

import (
	"os"
	"path/filepath"
	"testing"
)

// A lock counts only as long as its file is the one that others find.
func TestTryAfterTheFileWasDeleted(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if !isThere(name, file) {
		t.Error("the file is not there")
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if isThere(name, file) {
		t.Error("the file is there, although it was deleted")
	}
	release, err := Try(name)
	if err != nil {
		t.Fatal(err)
	}
	release()
	if isThere(name, file) {
		t.Error("another file of that name is taken for it")
	}
}
