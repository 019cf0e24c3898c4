//go:build linux || darwin

package deadletter_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/retrywise/retrywise/deadletter"
)

// fullDisk is the variable that makes this test binary a process whose files cannot grow beyond
// diskSize bytes: the file of letters.
const (
	fullDisk = "DEADLETTER_FULL_DISK"
	diskSize = 1200
)

// When the disk is full in the middle of a line, the caller is told, and the file has whole lines.
func TestWriteToAFullDisk(t *testing.T) {
	file := newFile(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFullDiskProcess$", "-test.count=1")
	cmd.Env = append(os.Environ(), fullDisk+"="+file)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	letters, err := read(file)
	if n := len(letters); err != nil || n != diskSize/len(fullLine)+1 || letters[n-1].ID != "short" {
		t.Errorf("the file has %d letters, %v:\n%s", n, err, text(t, file))
	}
	w := open(t, file)
	if w.Torn() != 0 {
		t.Errorf("%d bytes are torn", w.Torn())
	}
	write(t, w, deadletter.Letter{ID: "after"})
}

// TestFullDiskProcess is not a test by itself.
func TestFullDiskProcess(t *testing.T) {
	file := os.Getenv(fullDisk)
	if file == "" {
		return
	}
	w := open(t, file)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: diskSize, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before) }() // for a profile
	for n := 0; ; n++ {
		l := full()
		l.ID = fmt.Sprint("L", n)
		err := w.Put(l)
		if err == nil && n < 10 {
			continue
		}
		if n == 10 || !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), file) {
			t.Fatalf("write %d: error %v; want that the file is too big, with its name", n, err)
		}
		break
	}
	if err := w.Put(deadletter.Letter{ID: "short"}); err != nil {
		t.Errorf("a line for which there is room: %v", err)
	}
	err := w.Deliver(t.Context(), deadletter.Record{Key: strings.Repeat("x", diskSize)}, func(context.Context) error {
		t.Error("a record was sent that could not be noted")
		return nil
	})
	if !errors.Is(err, syscall.EFBIG) {
		t.Errorf("Deliver: error %v", err)
	}
}
