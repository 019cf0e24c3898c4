package retrywise_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/vendors"
)

// docs/vendor-files.md has an example of every key of a vendor's file, and each can be parsed.
func TestVendorFilesPage(t *testing.T) {
	page, err := os.ReadFile("docs/vendor-files.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	head := ""
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(text, -1) {
		example := block[1]
		if head == "" {
			head = example
		}
		if _, err := vendors.Parse([]byte(head + strings.TrimPrefix(example, head))); err != nil {
			t.Errorf("%s\n%v", example, err)
		}
	}
	for _, key := range schemaKeys(t) {
		if !regexp.MustCompile(`(?m)(^|[\s{` + "`" + `])` + key + `([:` + "`" + `]|$)`).MatchString(text) {
			t.Errorf("the page has no example of %q", key)
		}
	}
}

// schemaKeys returns the keys of a vendor's file, sorted.
func schemaKeys(t *testing.T) []string {
	t.Helper()
	var schema any
	if err := json.Unmarshal(vendors.FileSchema(), &schema); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	collectKeys(schema, keys)
	return slices.Sorted(maps.Keys(keys))
}

func collectKeys(node any, keys map[string]bool) {
	switch n := node.(type) {
	case map[string]any:
		properties, _ := n["properties"].(map[string]any)
		for key := range properties {
			keys[key] = true
		}
		for _, value := range n {
			collectKeys(value, keys)
		}
	case []any:
		for _, value := range n {
			collectKeys(value, keys)
		}
	}
}
