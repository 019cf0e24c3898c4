package yamlfile

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzDecode checks that any input gives a value or well-formed problems.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "a: 1", "vendor: a\n---\nvendor: b\n", "methods: [a, {b: c}]\n", "? a\n: b\n", "<<: *x\n",
		"vendor: &x |\n  a\n", "rules:\n  - name: !!str a\n    max: 1\n  -\n", "labels: {a, b: , 'c': \"d\"}\n",
		"%YAML 1.2\n---\n", "\ufeff# c\r\non: true\r\n", "by_class:\n  conflict: 1s\n", "count: 99999999999999999999\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var out file
		err := Decode("f.yaml", data, &out)
		if err == nil {
			return
		}
		problems, ok := errors.AsType[Problems](err)
		if !ok || len(problems) == 0 {
			t.Fatalf("Decode = %#v; want Problems", err)
		}
		for i, p := range problems {
			if p.Pos.File != "f.yaml" || p.Pos.Line < 1 || p.Pos.Column < 1 {
				t.Errorf("problem %q has no position", p)
			}
			if p.Text == "" || strings.ContainsAny(p.Text, "\n\r") {
				t.Errorf("problem %q is not one line", p)
			}
			if i > 0 && problems[i-1].Pos.compare(p.Pos) > 0 {
				t.Errorf("problem %q is not sorted", p)
			}
		}
	})
}

// FuzzEncode checks that a struct that was read survives being written and read again.
func FuzzEncode(f *testing.F) {
	for _, seed := range []string{
		"max: 1\nafter: 1s\nleast: 2\nbudget: 0\nwait: 0s\n", "hint: 'null'\ncodes: [a, '1', yes]\naccepted: []\n",
		"class: conflict\nmaybe: none\nyes: false\ncounts: [0, -1]\nnumber: 1e300\n", "hint: \"\\u2028 \\\\\"\naccepted: ['', '# a', 'b: c']\n",
		"yes: false\ncounts: []\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var in, out optioned
		if Decode("f.yaml", data, &in) != nil {
			return
		}
		in.Words = nil // maps cannot be written
		if len(in.Counts) == 0 {
			in.Counts = nil // without explicit, an empty list means the same as none
		}
		text, err := Encode(in)
		if err != nil {
			t.Fatal(err)
		}
		if text == "" {
			return
		}
		if err := Decode("f.yaml", []byte(text), &out); err != nil {
			t.Fatalf("Decode: %v in\n%s", err, text)
		}
		if diff := cmp.Diff(in, out); diff != "" {
			t.Errorf("value mismatch (-want +got):\n%s\nof\n%s", diff, text)
		}
	})
}
