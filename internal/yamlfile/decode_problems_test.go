package yamlfile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	anchors = "anchors and aliases are not supported here"
	allKeys = "vendor, on, count, small, large, port, ratio, wait, timeout, optional, methods, class, classes, even, " +
		"rules, labels, by_name, by_class, deep, anything, by_number"
)

func TestDecodeProblems(t *testing.T) {
	for name, tt := range map[string]struct {
		data string
		want []string
	}{
		"nearly a key":      {"clas: conflict\n", []string{`1:1: unknown key "clas"; did you mean "class"?`}},
		"not a key":         {"zzzzzz: 1\n", []string{`1:1: unknown key "zzzzzz"; expected one of ` + allKeys}},
		"an ignored field":  {"ignored: 1\n", []string{`1:1: unknown key "ignored"; expected one of ` + allKeys}},
		"a key in a list":   {"rules:\n  - name: a\n    maxx: 1\n", []string{`3:5: unknown key "maxx"; did you mean "max"?`}},
		"a key twice":       {"vendor: a\ncount: 1\nvendor: b\n", []string{`3:1: duplicate key "vendor"; the first is at f.yaml:1:1`}},
		"a map key twice":   {"labels: {a: 1, a: 2}\n", []string{`1:16: duplicate key "a"; the first is at f.yaml:1:10`}},
		"a required key":    {"rules:\n  - max: 1\n", []string{`2:5: missing key "name"`}},
		"in an empty one":   {"rules:\n  - {}\n", []string{`2:5: missing key "name"`}},
		"null text":         {"vendor: null\n", []string{`1:9: expected text; got null`}},
		"nothing as text":   {"vendor:\ncount: 1\n", []string{`1:8: expected text; got null`}},
		"null pointer":      {"optional: ~\n", []string{`1:11: expected a whole number; got null`}},
		"null list":         {"methods: ~\n", []string{`1:10: expected a list; got null`}},
		"null in a list":    {"methods: [a, ~]\n", []string{`1:14: expected text; got null`}},
		"null map":          {"labels: ~\n", []string{`1:9: expected a mapping; got null`}},
		"null key":          {"labels: {~: a}\n", []string{`1:10: expected text; got null`}},
		"null duration":     {"wait:\n", []string{`1:6: expected a duration with a unit, such as 30s; got null`}},
		"nothing in lists":  {"methods:\n  -\n  - a\n  -\n", []string{`2:4: expected text; got null`, `4:4: expected text; got null`}},
		"null word":         {"class:\n", []string{`1:7: expected text; got null`}},
		"null document":     {"null\n", []string{`1:1: expected a mapping; got null`}},
		"a bool as text":    {"vendor: true\n", []string{`1:9: expected text; got true`}},
		"a list as text":    {"vendor: [a]\n", []string{`1:9: expected text; got a list`}},
		"a mapping as text": {"vendor:\n  a: 1\n", []string{`2:3: expected text; got a mapping`}},
		"yes as a bool":     {"on: yes\n", []string{`1:5: expected true or false; got "yes"`}},
		"text as int":       {"count: abc\n", []string{`1:8: expected a whole number; got "abc"`}},
		"quoted int":        {"count: '5'\n", []string{`1:8: expected a whole number; got "5"`}},
		"fraction as int":   {"count: 1.5\n", []string{`1:8: expected a whole number; got 1.5`}},
		"octal int":         {"count: 010\n", []string{`1:8: expected a whole number; got 010`}},
		"hexadecimal int":   {"count: 0x1F\n", []string{`1:8: expected a whole number; got 0x1F`}},
		"int with a gap":    {"count: 1_000\n", []string{`1:8: expected a whole number; got 1_000`}},
		"int8 too large":    {"small: 128\n", []string{`1:8: expected a whole number from -128 to 127; got 128`}},
		"int64 too large":   {"large: 9223372036854775808\n", []string{`1:8: expected a whole number from -9223372036854775808 to 9223372036854775807; got 9223372036854775808`}},
		"beyond 64 bits":    {"large: 99999999999999999999\n", []string{`1:8: expected a whole number from -9223372036854775808 to 9223372036854775807; got 99999999999999999999`}},
		"negative uint":     {"port: -1\n", []string{`1:7: expected a whole number from 0 to 65535; got -1`}},
		"uint too large":    {"port: 65536\n", []string{`1:7: expected a whole number from 0 to 65535; got 65536`}},
		"text as uint":      {"port: a\n", []string{`1:7: expected a whole number; got "a"`}},
		"infinity":          {"ratio: .inf\n", []string{`1:8: expected a number; got .inf`}},
		"not a number":      {"ratio: .nan\n", []string{`1:8: expected a number; got .nan`}},
		"float too large":   {"ratio: 1e999\n", []string{`1:8: expected a number; got 1e999`}},
		"bare duration":     {"wait: 30\n", []string{`1:7: expected a duration with a unit, such as 30s; got 30`}},
		"zero duration":     {"wait: 0\n", []string{`1:7: expected a duration with a unit, such as 30s; got 0`}},
		"unknown unit":      {"wait: 1d\n", []string{`1:7: expected a duration with a unit, such as 30s; got "1d"`}},
		"time.Duration":     {"timeout: 30\n", []string{`1:10: expected a duration with a unit, such as 30s; got 30`}},
		"nearly a word":     {"class: rate_limit\n", []string{`1:8: unknown class "rate_limit"; did you mean "rate_limited"?`}},
		"not a word":        {"class: zzz\n", []string{`1:8: unknown class "zzz"; expected one of rate_limited, not_found, conflict`}},
		"a word in a list":  {"classes: [conflict, conflct]\n", []string{`1:21: unknown class "conflct"; did you mean "conflict"?`}},
		"a word as a key":   {"by_class: {conflct: 1s}\n", []string{`1:12: unknown class "conflct"; did you mean "conflict"?`}},
		"words not listed":  {"even: abc\n", []string{`1:7: "abc" has an odd length`}},
		"a bool as a word":  {"class: true\n", []string{`1:8: expected text; got true`}},
		"text as a struct":  {"deep: a\n", []string{`1:7: expected a mapping; got "a"`}},
		"text as structs":   {"rules: a\n", []string{`1:8: expected a list; got "a"`}},
		"mapping as list":   {"rules:\n  name: a\n", []string{`2:3: expected a list; got a mapping`}},
		"list as map":       {"labels:\n  - a\n", []string{`2:3: expected a mapping; got a list`}},
		"list as document":  {"- a\n", []string{`1:1: expected a mapping; got a list`}},
		"text as document":  {"hello\n", []string{`1:1: expected a mapping; got "hello"`}},
		"an interface":      {"anything: 1\n", []string{`1:11: the program cannot read values of Go type interface {}`}},
		"a map by number":   {"by_number: {1: a}\n", []string{`1:13: the program cannot read keys of Go type int`}},
		"an anchor":         {"vendor: &x a\n", []string{"1:9: " + anchors}},
		"an alias":          {"vendor: &x a\neven: *x\n", []string{"1:9: " + anchors, "2:7: " + anchors}},
		"a merge key":       {"vendor: &x a\n<<: *x\n", []string{"1:9: " + anchors, "2:1: " + anchors}},
		"a tag":             {"vendor: !!str a\n", []string{"1:9: tags are not supported here"}},
		"an own tag":        {"vendor: !x a\n", []string{"1:9: tags are not supported here"}},
		"a directive":       {"%YAML 1.2\n---\nvendor: a\n", []string{"1:1: directives are not supported here"}},
		"a late directive":  {"vendor: a\n...\n%TAG ! x\n---\n", []string{"3:1: directives are not supported here"}},
		"a tagged value":    {"count: !x 5\ndeep: !!map {x: 1}\n", []string{"1:8: tags are not supported here", "2:7: tags are not supported here", `2:14: unknown key "x"; expected one of deep`}},
		"a lost alias":      {"on: true\nvendor: *x\n", []string{"1:1: not valid YAML: unknown anchor 'x' referenced"}},
		"two documents":     {"vendor: a\n---\nvendor: b\n", []string{"2:1: expected one document; another one starts here"}},
		"an empty second":   {"vendor: a\n---\n", []string{"2:1: expected one document; another one starts here"}},
		"an empty file":     {"", []string{"1:1: expected a mapping; the file is empty"}},
		"only a comment":    {"# nothing\n", []string{"1:1: expected a mapping; the file is empty"}},
		"only a start":      {"---\n", []string{"1:1: expected a mapping; the file is empty"}},
		"no end of quotes":  {"vendor: \"a\n", []string{"2:1: not valid YAML: found unexpected end of stream"}},
		"no end of list":    {"on: true\nmethods: [a\n", []string{"2:1: not valid YAML: did not find expected ',' or ']'"}},
		"two values":        {"vendor: a: b\n", []string{"1:1: not valid YAML: mapping values are not allowed in this context"}},
		"a tab":             {"deep:\n\tdeep: 1\n", []string{"2:1: not valid YAML: found character that cannot start any token: indent with spaces, not tabs, and put quotes around a text that begins with @, ` or %"}},
		"a reserved letter": {"vendor: @shop\n", []string{"1:1: not valid YAML: found character that cannot start any token: indent with spaces, not tabs, and put quotes around a text that begins with @, ` or %"}},
		"an odd indent":     {"deep:\n  deep: {}\n wait: 5s\n", []string{"3:1: not valid YAML: did not find expected key"}},
		"an odd list":       {"on: true\nrules:\n  - {}\n - {}\n", []string{"4:1: not valid YAML: did not find expected key"}},
		"an odd dash":       {"on: true\nrules:\n  - {}\n  a: 1\n", []string{"3:1: not valid YAML: did not find expected '-' indicator"}},
		"no end of mapping": {"on: true\nlabels: {a: 1\n", []string{"2:1: not valid YAML: did not find expected ',' or '}'"}},
		"no value":          {"on: true\nvendor: ]\n", []string{"2:1: not valid YAML: did not find expected node content"}},
		"after the end":     {"vendor: a\n...\ncount: 1\n", []string{"3:1: not valid YAML: did not find expected <document start>"}},
		"a control letter":  {"vendor: a\x00\n", []string{"1:10: the control character '\\x00' is not allowed here"}},
		"a key of lists":    {"[a]: 1\n", []string{"1:1: expected text as a key; got a list"}},
		"not UTF-8":         {"vendor: a\non: \xff\n", []string{"2:5: this byte is not UTF-8 text"}},
		"after a mark":      {"\ufeffclas: conflict\n", []string{`1:1: unknown key "clas"; did you mean "class"?`}},
		"wide letters":      {"labels: {é: 1, é: 2}\n", []string{`1:16: duplicate key "é"; the first is at f.yaml:1:10`}},
		"long text":         {"on: " + strings.Repeat("a", 70) + "\n", []string{`1:5: expected true or false; got "` + strings.Repeat("a", 60) + `…"`}},
		"five at once": {
			"vendr: a\ncount: abc\nrules:\n  - max: 30\nwait: 30\nclass: rate_limit\n",
			[]string{
				`1:1: unknown key "vendr"; did you mean "vendor"?`,
				`2:8: expected a whole number; got "abc"`,
				`4:5: missing key "name"`,
				`5:7: expected a duration with a unit, such as 30s; got 30`,
				`6:8: unknown class "rate_limit"; did you mean "rate_limited"?`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			checkProblems(t, tt.data, tt.want)
		})
	}
}

func TestDecodeLimits(t *testing.T) {
	for name, tt := range map[string]struct {
		data string
		want []string
	}{
		"32 levels":       {nested(32), nil},
		"33 levels":       {nested(33), []string{"33:65: nested more than 32 levels deep"}},
		"33 brackets":     {"methods: " + strings.Repeat("[", 33) + strings.Repeat("]", 33), []string{"1:11: expected text; got a list", "1:41: nested more than 32 levels deep"}},
		"brackets, 1 MiB": {strings.Repeat("[", maxBytes), []string{"1:1: not valid YAML: exceeded max depth of 10000"}},
		"dashes in line":  {strings.Repeat("- ", 40) + "a", []string{"1:1: expected a mapping; got a list", "1:65: nested more than 32 levels deep"}},
		"dashes, 1 MiB":   {strings.Repeat("- ", maxBytes/2), []string{"1:1: not valid YAML: exceeded max depth of 10000"}},
		"many values":     {"methods: [" + strings.Repeat("a,", maxNodes) + "]", []string{"1:40005: the file has more than 20000 keys and values"}},
		"many problems":   {"vendr: [" + strings.Repeat("{a: 1, b: x},", maxNodes/4) + "]\nmax: x\n", []string{"1:52000: the file has more than 20000 keys and values"}},
		"over 1 MiB":      {strings.Repeat(" ", maxBytes+1), []string{"1:1: the file is larger than 1 MiB"}},
	} {
		t.Run(name, func(t *testing.T) {
			checkProblems(t, tt.data, tt.want)
		})
	}
}

// nested returns a file with that many levels of mappings.
func nested(levels int) string {
	var b strings.Builder
	for i := range levels - 1 {
		b.WriteString(strings.Repeat("  ", i) + "deep:\n")
	}
	b.WriteString(strings.Repeat("  ", levels-1) + "{}")
	return b.String()
}

// checkProblems compares the problems of data, without the name of the file.
func checkProblems(t *testing.T, data string, want []string) {
	t.Helper()
	var got []string
	var out file
	if err := Decode("f.yaml", []byte(data), &out); err != nil {
		for line := range strings.Lines(err.Error()) {
			got = append(got, strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "f.yaml:"))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems of %.80q (-want +got):\n%s", data, diff)
	}
}
