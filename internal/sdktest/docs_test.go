package sdktest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The settings in the first table of docs/sdks.md are those that the tests here use.
func TestDocumentedSettings(t *testing.T) {
	page, err := os.ReadFile("../../docs/sdks.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(text)
	}
	_, table, _ := strings.Cut(string(page), "\n|---|")
	table, _, _ = strings.Cut(table, "\n\n")
	settings := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(table, -1)
	if len(settings) < 12 {
		t.Errorf("%d settings; want two for each SDK at least", len(settings))
	}
	for _, s := range settings {
		if !strings.Contains(code.String(), s[1]) {
			t.Errorf("docs/sdks.md has %s, and no test uses it", s[1])
		}
	}
}
