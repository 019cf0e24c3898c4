package orders

import (
	"os"
	"strings"
	"testing"
)

// docs/testing.md has the files of this folder as they are, so what a reader pastes compiles and
// passes.
func TestPageHasTheFiles(t *testing.T) {
	page, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"shop.yaml", "deliver.go", "deliver_test.go", "deliver_more_test.go", "staging.go"} {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), "\n"+string(file)+"```\n") {
			t.Errorf("docs/testing.md does not have examples/testing/%s as it is", name)
		}
	}
	if n := strings.Count(string(page), "```go\n"); n != 4 {
		t.Errorf("docs/testing.md has %d blocks of Go; want 4, those of the files", n)
	}
}
