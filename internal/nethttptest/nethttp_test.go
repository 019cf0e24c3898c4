//go:build nethttp

// Package nethttptest runs net/http's own tests of its client through a Client's HTTP. They
// are copied from the Go that runs the test, and nothing of them is kept. The build tag keeps
// this out of go test ./..., as it takes a minute.
package nethttptest

import (
	"bytes"
	"encoding/json"
	"go/build"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The tests that fail are those of failures.txt, and no others.
func TestNetHTTPTests(t *testing.T) {
	c := newCopier(t, filepath.Join(build.Default.GOROOT, "src", "net", "http"))
	binary := compile(t, c)
	ended := runAll(t, binary, c.tests)
	failed, counts := map[string]bool{}, map[string]int{}
	for name, end := range ended {
		counts[end]++
		if end == "failed" {
			failed[name] = true
		}
	}
	t.Logf("%s: %v; %d more need the inside of package http: %v", runtime.Version(), counts, len(c.excluded), c.excluded)
	if counts["passed"] < 140 {
		t.Error("so few tests passed that the copy cannot be right")
	}
	if diff := cmp.Diff(expected(t, ended), failed); diff != "" {
		t.Errorf("tests that fail (-failures.txt +now):\n%s", diff)
	}
}

// compile compiles the copied tests, and returns the name of the program.
func compile(t *testing.T, c *copier) string {
	t.Helper()
	folder := t.TempDir()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for _, name := range c.write(t, folder) {
		overlay.Replace[filepath.Join(here, "dropin", name)] = filepath.Join(folder, name)
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	file, binary := filepath.Join(folder, "overlay.json"), filepath.Join(folder, "tests")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-tags=nethttp", "-overlay="+file, "-o="+binary, "./dropin")
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return binary
}

// runAll runs each test in a process of its own, as one that panics ends it, and returns how
// each ended.
func runAll(t *testing.T, binary string, tests []string) map[string]string {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	ended, next := map[string]string{}, make(chan string)
	for range 2 * runtime.GOMAXPROCS(0) { // they wait most of the time
		all.Go(func() {
			for name := range next {
				end, output := run(t, binary, name)
				mu.Lock()
				ended[name] = end
				mu.Unlock()
				if end == "failed" && testing.Verbose() {
					t.Logf("%s", output)
				}
			}
		})
	}
	for _, name := range tests {
		next <- name
	}
	close(next)
	all.Wait()
	return ended
}

// run runs a test. It returns "passed", "skipped" or "failed", and what it printed.
func run(t *testing.T, binary, name string) (string, []byte) {
	output, err := exec.CommandContext(t.Context(), binary, "-test.run=^"+name+"$", "-test.v", "-test.short", "-test.timeout=20s").CombinedOutput()
	switch {
	case err != nil:
		return "failed", output
	case bytes.Contains(output, []byte("\n--- PASS: "+name+" ")):
		return "passed", output
	default:
		return "skipped", output
	}
}

// expected returns the tests of failures.txt that are about this release of Go. Of those that
// fail sometimes, it has the ones that ended in failure.
func expected(t *testing.T, ended map[string]string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("failures.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if line == "\n" || strings.HasPrefix(line, "#") {
			continue
		}
		subject, reason, _ := strings.Cut(strings.TrimSpace(line), ": ")
		words := strings.Fields(subject)
		if reason == "" || len(words) == 0 || len(words) > 2 || names[words[len(words)-1]] {
			t.Fatalf("failures.txt: expected a test and a reason, once for each test, got %q", line)
		}
		name := words[len(words)-1]
		switch {
		case len(words) == 1, words[0] == release():
			names[name] = true
		case words[0] == "sometimes" && ended[name] == "failed":
			names[name] = true
		}
	}
	return names
}

// release returns the release of Go, such as "go1.26".
func release() string {
	tags := build.Default.ReleaseTags
	return tags[len(tags)-1]
}
