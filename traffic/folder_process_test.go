package traffic

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// folderJob is the variable that makes this test binary a process that uses a folder: what it does,
// and where.
const folderJob = "TRAFFIC_FOLDER_JOB"

// TestFolderProcess is not a test by itself: it is what the processes of the other ones run.
func TestFolderProcess(t *testing.T) {
	job, path, isChild := strings.Cut(os.Getenv(folderJob), " ")
	if !isChild {
		return
	}
	f, err := OpenFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	process := fmt.Sprint(os.Getpid())
	if job == "close" {
		exchanged(t, f, Exchange{Account: "a", Process: process, Limits: []Take{{Limit: "l", Close: time.Hour}}})
		return
	}
	for idle := 0; idle < 20; {
		r := exchanged(t, f, Exchange{Account: "a", Process: process, Limits: []Take{{Limit: "l", Size: folderUnits, Window: time.Hour, Want: 3}}})
		if idle++; r.Limits[0].Now > 0 {
			idle = 0
			fmt.Printf("granted %d\n", r.Limits[0].Now)
		}
	}
}

// folderUnits is how many units the processes of a test may use.
const folderUnits = 1_000

// folderProcess starts a process that uses a folder.
func folderProcess(ctx context.Context, t *testing.T, job, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestFolderProcess$", "-test.count=1")
	cmd.Env = append(os.Environ(), folderJob+"="+job+" "+path)
	return cmd
}

// granted counts the units that processes say they got.
func granted(output string) (n int) {
	for line := range strings.Lines(output) {
		var some int
		if _, err := fmt.Sscanf(line, "granted %d", &some); err == nil {
			n += some
		}
	}
	return n
}

func TestFolderGrantsProcessesNoUnitTwice(t *testing.T) {
	f := openFolder(t)
	var all sync.WaitGroup
	outputs := make([]string, 4)
	for i := range outputs {
		all.Go(func() {
			output, err := folderProcess(t.Context(), t, "use", f.path).Output()
			if err != nil {
				t.Errorf("process %d: %v\n%s", i, err, output)
			}
			outputs[i] = string(output)
		})
	}
	all.Wait()
	if got := granted(strings.Join(outputs, "")); got != folderUnits {
		t.Errorf("%d units; want %d", got, folderUnits)
	}
}

// A process that is killed leaves the folder as it was before its exchange or after it, and its lock
// is free.
func TestFolderSurvivesAKilledProcess(t *testing.T) {
	f := openFolder(t)
	got := 0
	for range 10 {
		cmd := folderProcess(t.Context(), t, "use", f.path)
		output, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(output)
		for i := 0; lines.Scan(); i++ {
			if got += granted(lines.Text()); i == 5 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the process was not killed")
		}
		exchanged(t, f, Exchange{Account: "a", Process: "p"})
	}
	for name := range files(t, f) {
		if strings.HasSuffix(name, corruptSuffix) {
			t.Errorf("%s: a file was damaged", name)
		}
	}
	output, err := folderProcess(t.Context(), t, "use", f.path).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got += granted(string(output)); got > folderUnits || got < folderUnits-10*3 {
		t.Errorf("%d units; want %d, less those of an exchange of each killed process", got, folderUnits)
	}
}

func TestFolderGateOutlivesItsProcess(t *testing.T) {
	f := openFolder(t)
	if output, err := folderProcess(t.Context(), t, "close", f.path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	got := exchanged(t, f, hourWindow("a", "p", 1)).Limits[0]
	if got.Closed <= 0 || got.Closed > time.Hour || got.Now > 0 {
		t.Errorf("%+v; want a closed gate", got)
	}
}
