package yamlfile

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// at returns a position in the file of the tests.
func at(line, column int) Pos {
	return Pos{File: "f.yaml", Line: line, Column: column}
}

func TestDecode(t *testing.T) {
	five, wait := 5, 90*time.Second
	for name, tt := range map[string]struct {
		data string
		want file
	}{
		"text":                     {"vendor: rdstation\n", file{Pos: at(1, 1), Vendor: "rdstation"}},
		"quoted text":              {"vendor: \"a\\tb\"\n", file{Pos: at(1, 1), Vendor: "a\tb"}},
		"quoted null is text":      {"vendor: 'null'\n", file{Pos: at(1, 1), Vendor: "null"}},
		"text that is a number":    {"vendor: 404\n", file{Pos: at(1, 1), Vendor: "404"}},
		"text keeps its zeros":     {"vendor: 1.10\n", file{Pos: at(1, 1), Vendor: "1.10"}},
		"text that is a date":      {"vendor: 2026-11-22\n", file{Pos: at(1, 1), Vendor: "2026-11-22"}},
		"text in a block":          {"vendor: |\n  a\n  b\n", file{Pos: at(1, 1), Vendor: "a\nb\n"}},
		"folded text":              {"vendor: >-\n  a\n  b\n", file{Pos: at(1, 1), Vendor: "a b"}},
		"empty text":               {"vendor: ''\n", file{Pos: at(1, 1)}},
		"yes is text":              {"vendor: yes\n", file{Pos: at(1, 1), Vendor: "yes"}},
		"two < are text":           {"vendor: <<\n", file{Pos: at(1, 1), Vendor: "<<"}},
		"true":                     {"on: true\n", file{Pos: at(1, 1), On: true}},
		"whole numbers":            {"count: -5\nsmall: 127\nport: +80\n", file{Pos: at(1, 1), Count: -5, Small: 127, Port: 80}},
		"the largest int64":        {"large: 9223372036854775807\n", file{Pos: at(1, 1), Large: 9223372036854775807}},
		"a fraction":               {"ratio: 0.25\n", file{Pos: at(1, 1), Ratio: 0.25}},
		"a whole number as float":  {"ratio: 2\n", file{Pos: at(1, 1), Ratio: 2}},
		"an exponent":              {"ratio: 1e3\n", file{Pos: at(1, 1), Ratio: 1000}},
		"durations":                {"wait: 1m30s\ntimeout: 24h\n", file{Pos: at(1, 1), Wait: wait, Timeout: 24 * time.Hour}},
		"a pointer":                {"optional: 5\n", file{Pos: at(1, 1), Optional: &five}},
		"a list":                   {"methods: [PATCH, PUT]\n", file{Pos: at(1, 1), Methods: []string{"PATCH", "PUT"}}},
		"a list in lines":          {"methods:\n- PATCH\n- 404\n", file{Pos: at(1, 1), Methods: []string{"PATCH", "404"}}},
		"a scalar as a list":       {"methods: PATCH\n", file{Pos: at(1, 1), Methods: []string{"PATCH"}}},
		"an empty list":            {"methods: []\n", file{Pos: at(1, 1), Methods: []string{}}},
		"many lines of a list":     {"methods:\n" + strings.Repeat("- a\n", 40), file{Pos: at(1, 1), Methods: strings.Split(strings.Repeat("a", 40), "")}},
		"a word":                   {"class: conflict\n", file{Pos: at(1, 1), Class: conflict}},
		"a word as a list":         {"classes: conflict\n", file{Pos: at(1, 1), Classes: []class{conflict}}},
		"a number as a word":       {"even: 40\n", file{Pos: at(1, 1), Even: "40"}},
		"structs with their place": {"rules:\n  - name: a\n  - {max: 5, name: b}\n", file{Pos: at(1, 1), Rules: []rule{{At: at(2, 5), Name: "a"}, {At: at(3, 5), Name: "b", Max: &five}}}},
		"a map":                    {"labels: {a: 1, b: two}\n", file{Pos: at(1, 1), Labels: map[string]string{"a": "1", "b": "two"}}},
		"an empty map":             {"labels: {}\n", file{Pos: at(1, 1), Labels: map[string]string{}}},
		"a map of structs":         {"by_name:\n  x:\n    name: a\n", file{Pos: at(1, 1), ByName: map[string]rule{"x": {At: at(2, 3), Name: "a"}}}},
		"a map by word":            {"by_class: {conflict: 1m30s}\n", file{Pos: at(1, 1), ByClass: map[class]*time.Duration{conflict: &wait}}},
		"an empty mapping":         {"{}", file{Pos: at(1, 1)}},
		"a document start":         {"---\nvendor: a\n", file{Pos: at(2, 1), Vendor: "a"}},
		"a document end":           {"vendor: a\n...\n", file{Pos: at(1, 1), Vendor: "a"}},
		"comments":                 {"# first\nvendor: a # second\n# third\n", file{Pos: at(2, 1), Vendor: "a"}},
		"carriage returns":         {"vendor: a\r\ncount: 5\r\n", file{Pos: at(1, 1), Vendor: "a", Count: 5}},
		"a byte order mark":        {"\ufeffvendor: a\n", file{Pos: at(1, 1), Vendor: "a"}},
		"a key with a mark":        {"? vendor\n: a\n", file{Pos: at(1, 1), Vendor: "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got file
			if err := Decode("f.yaml", []byte(tt.data), &got); err != nil {
				t.Fatalf("Decode: %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Decode mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeRefusesWhatIsNotAStruct(t *testing.T) {
	for name, tt := range map[string]struct {
		out  any
		want string
	}{
		"nil":          {nil, "f.yaml:1:1: cannot read into a <nil>: it is not a pointer to a struct"},
		"a struct":     {file{}, "f.yaml:1:1: cannot read into a yamlfile.file: it is not a pointer to a struct"},
		"nil pointer":  {(*file)(nil), "f.yaml:1:1: cannot read into a *yamlfile.file: it is not a pointer to a struct"},
		"not a struct": {new(int), "f.yaml:1:1: cannot read into a *int: it is not a pointer to a struct"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Decode("f.yaml", []byte("a: 1"), tt.out)
			if err == nil || err.Error() != tt.want {
				t.Errorf("Decode = %v; want %s", err, tt.want)
			}
		})
	}
}
