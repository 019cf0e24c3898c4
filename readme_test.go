package retrywise_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

var update = flag.Bool("update", false, "rewrite the tables of the README and docs, and the schemas")

// The README's table of what is known is made of the data.
func TestReadmeTableOfVendors(t *testing.T) {
	checkGenerated(t, "README.md", "vendors", vendorTable(t))
}

// checkGenerated compares want with the part of a file that its marks enclose, which say what it is.
// With -update, it writes want there.
func checkGenerated(t *testing.T, file, what, want string) {
	t.Helper()
	start, end := "<!-- "+what+": go test . -update -->\n", "<!-- end of "+what+" -->\n"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), start)
	text, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for %s", file, what)
	}
	if *update {
		if err := os.WriteFile(file, []byte(before+start+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("%s is not as the code and the data (-want +got); make update rewrites it:\n%s", file, diff)
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
			codesOf(text), strings.Count(text, "when: {status: "), limitsOf(text), v.Documents()[0].Read)
	}
	return b.String()
}

// codesOf returns how many codes a policy's text has rules for.
func codesOf(policy string) int {
	codes := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)when: \{code: \[?([^],}]+)`).FindAllStringSubmatch(policy, -1) {
		codes[m[1]] = true
	}
	return len(codes)
}

// limitsOf names the limits in a policy's text, four of them if there are more.
func limitsOf(policy string) string {
	var limits []string
	line := regexp.MustCompile(`(?m)^  - \{name: "?([a-z_-]+)"?, scope: \w+(.*)\}$`)
	for _, m := range line.FindAllStringSubmatch(policy, -1) {
		text := m[1]
		for _, bound := range bounds {
			if found := bound.key.FindStringSubmatch(m[2]); found != nil {
				text += fmt.Sprintf(" "+bound.form, found[1], short(found[2]))
			}
		}
		if strings.Contains(m[2], "off: true") {
			text = "(" + text + ")"
		}
		limits = append(limits, text)
	}
	if more := len(limits) - 4; more > 1 {
		limits = append(limits[:4], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(limits, ", ")
}

// bounds are the keys that bound requests, and how the table has them.
var bounds = []struct {
	key  *regexp.Regexp
	form string
}{
	{regexp.MustCompile(`rate: "(\d+)/([^"]+)"`), "%s/%s"},
	{regexp.MustCompile(`window: "(\d+)/([^"]+)"`), "%s in any %s"},
	{regexp.MustCompile(`slots: (\d+)(), held`), "%s queued%s"},
	{regexp.MustCompile(`slots: (\d+)()(?:, [^h]|$)`), "%s at a time%s"},
}

// short returns a duration without parts that are zero, such as 24h for 24h0m0s.
func short(duration string) string {
	if minutes, ok := strings.CutSuffix(duration, "m0s"); ok {
		duration = minutes + "m"
	}
	if hours, ok := strings.CutSuffix(duration, "h0m"); ok {
		duration = hours + "h"
	}
	return duration
}

// The README's operator's files are read, and fit the vendors that they name.
func TestReadmeOperatorsFiles(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n((?:vendors|defaults):.*?)```").FindAllStringSubmatch(string(data), -1)
	if len(blocks) < 3 {
		t.Fatalf("README.md has %d operator's files; want 3 or more", len(blocks))
	}
	for _, block := range blocks {
		name := t.TempDir() + "/policies.yaml"
		if err := os.WriteFile(name, []byte(block[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := policy.ReadFile(name, vendors.Names()...)
		if err != nil {
			t.Errorf("%v\n%s", err, block[1])
			continue
		}
		for _, vendor := range file.Vendors() {
			v, err := vendors.Lookup(vendor)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := file.Apply(v.Policy()); err != nil {
				t.Errorf("%v\n%s", err, block[1])
			}
		}
	}
}
