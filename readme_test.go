package retrywise_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/vendors"
)

var update = flag.Bool("update", false, "rewrite the README's table of vendors, and the schemas")

const (
	tableStart = "<!-- vendors: go test . -update -->\n"
	tableEnd   = "<!-- end of vendors -->\n"
)

// The README's table of what is known is made of the data.
func TestReadmeTableOfVendors(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), tableStart)
	table, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatal("README.md has no place for the table")
	}
	want := vendorTable(t)
	if *update {
		if err := os.WriteFile("README.md", []byte(before+tableStart+want+tableEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, table); diff != "" {
		t.Errorf("README.md is not as the data (-want +got):\n%s", diff)
	}
}

func vendorTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| name | API | codes | statuses | limits (in brackets: known, but off) | read |\n|---|---|---|---|---|---|\n")
	for _, name := range vendors.Names() {
		v, err := vendors.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		yaml, err := v.Policy().MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		text := string(yaml)
		fmt.Fprintf(&b, "| `%s` | [%s](vendors/catalog/%s.yaml) | %d | %d | %s | %s |\n", name, v.Title(), name,
			strings.Count(text, "when: {code: "), strings.Count(text, "when: {status: "), limitsOf(text), v.Documents()[0].Read)
	}
	return b.String()
}

// limitsOf names the limits in a policy's text.
func limitsOf(policy string) string {
	var limits []string
	line := regexp.MustCompile(`(?m)^  - \{name: "?([a-z_-]+)"?, scope: (\w+), rate: "(\d+)/([^"]+)"(.*)\}$`)
	for _, m := range line.FindAllStringSubmatch(policy, -1) {
		text := fmt.Sprintf("%s %s/%s", m[1], m[3], strings.TrimSuffix(strings.TrimSuffix(m[4], "0s"), "0m"))
		if strings.Contains(m[5], "off: true") {
			text = "(" + text + ")"
		}
		limits = append(limits, text)
	}
	return strings.Join(limits, ", ")
}
