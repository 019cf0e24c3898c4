package deadletter_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/deadletter"
)

// openJob is the variable that makes this test binary a process that opens a file of letters.
const openJob = "DEADLETTER_OPEN"

// A second process is refused while the first has the file, and no longer.
func TestOpenRefusesASecondProcess(t *testing.T) {
	file := newFile(t)
	w := open(t, file)
	refused := "error: deadletter: cannot write to " + file + ": another Writer has the file\n"
	if got := openInAProcess(t, file); !strings.HasPrefix(got, refused) {
		t.Errorf("the second process printed %q; want %q", got, refused)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := openInAProcess(t, file); !strings.HasPrefix(got, "error: <nil>\n") {
		t.Errorf("a process after it printed %q; want no error", got)
	}
}

// openInAProcess has another process open a file, and returns what it prints.
func openInAProcess(t *testing.T, file string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOpeningProcess$", "-test.count=1")
	cmd.Env = append(os.Environ(), openJob+"="+file)
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(output)
}

// TestOpeningProcess is not a test by itself: it is the second process.
func TestOpeningProcess(*testing.T) {
	file := os.Getenv(openJob)
	if file == "" {
		return
	}
	w, err := deadletter.Open(file, deadletter.Options{})
	fmt.Println("error:", err)
	if err == nil {
		defer w.Close()
	}
}
