package filelock_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/retrywise/retrywise/internal/filelock"
)

func TestTryLocksForOne(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	release, err := filelock.Try(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := filelock.Try(name); !errors.Is(err, filelock.ErrLocked) {
		t.Errorf("a second lock: %v; want ErrLocked", err)
	}
	release()
	again, err := filelock.Try(name)
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	again()
}

func TestTryReportsTheProblem(t *testing.T) {
	_, err := filelock.Try(filepath.Join(t.TempDir(), "missing", "lock"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v; want that the folder does not exist", err)
	}
}
