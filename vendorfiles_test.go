package retrywise_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
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
		file := head + strings.TrimPrefix(example, head)
		if strings.HasPrefix(example, "codes:") {
			file += "decode: [{in: /error, code: code}]\n" // codes need it, and the page has it in another block
		}
		if _, err := vendors.Parse([]byte(file)); err != nil {
			t.Errorf("%s\n%v", example, err)
		}
	}
	for _, key := range schemaKeys(t) {
		if !regexp.MustCompile(`(?m)(^|[\s{` + "`" + `])` + key + `([:` + "`" + `]|$)`).MatchString(text) {
			t.Errorf("the page has no example of %q", key)
		}
	}
}

// The table of classes in docs/vendor-files.md says what a row with nothing but its class does.
func TestDocumentedClasses(t *testing.T) {
	meanings := classMeanings(t)
	var b strings.Builder
	b.WriteString("| class | what happened | action | applied |\n|---|---|---|---|\n")
	for _, class := range apierrors.Classes() {
		if slices.Contains(classesWithoutRows, class) {
			continue
		}
		p, err := policy.New(policy.Settings{Rules: []policy.Rule{{When: policy.Match{Codes: []string{"CODE"}}, Class: class}}})
		if err != nil {
			t.Fatal(err)
		}
		d := p.Decide(policy.Failure{Status: 400, Items: []apierrors.Field{{Code: "CODE"}}}, policy.State{CanRefresh: true, CanShrink: true})
		fmt.Fprintf(&b, "| `%v` | %s | %v | %v |\n", class, meanings[class.String()], d.Action, d.Applied)
	}
	checkGenerated(t, "docs/vendor-files.md", "classes", b.String())
}

// classesWithoutRows are the classes that no row of a vendor's file has.
var classesWithoutRows = []apierrors.Class{apierrors.None, apierrors.Network, apierrors.Partial, apierrors.Canceled, apierrors.Unknown}

// classMeanings returns the comment on each class, by its name.
func classMeanings(t *testing.T) map[string]string {
	t.Helper()
	source, err := os.ReadFile("errors/class.go")
	if err != nil {
		t.Fatal(err)
	}
	meanings := map[string]string{}
	for i, m := range regexp.MustCompile(`(?m)^\t[A-Z]\w+ +(?:Class = iota )?// (.*)$`).FindAllStringSubmatch(string(source), -1) {
		meanings[apierrors.Class(i+1).String()] = m[1]
	}
	if last := apierrors.Unknown; len(meanings) != int(last) {
		t.Fatalf("%d comments on %d classes", len(meanings), last)
	}
	return meanings
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
