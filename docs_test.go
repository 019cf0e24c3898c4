package retrywise_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Examples and pages take their servers from the test kit, so that a reader learns one way, and can
// paste them.
func TestExamplesUseTheTestKit(t *testing.T) {
	looked := 0
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || isHidden(name)) {
			return filepath.SkipDir
		}
		name = filepath.ToSlash(name)
		base := filepath.Base(name)
		isExample := filepath.Ext(name) == ".go" && (strings.HasPrefix(name, "examples/") || strings.HasPrefix(base, "example") || base == "doc.go")
		isPage := strings.HasPrefix(name, "docs/") || base == "README.md"
		if d.IsDir() || !isExample && !isPage {
			return nil
		}
		looked++
		text, err := os.ReadFile(name)
		for _, byHand := range []string{`"net/http/httptest"`, "httptest.NewServer(", "net.Listen(", "http.ListenAndServe(", "http.Server{"} {
			if strings.Contains(string(text), byHand) {
				t.Errorf("%s has %s: use retrywisetest or retrywisetest/fake", name, byHand)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if looked < 50 {
		t.Errorf("looked at %d files: these are not all", looked)
	}
}
