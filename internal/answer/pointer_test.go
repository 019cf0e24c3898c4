package answer_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/internal/answer"
)

// pointer reads a pointer that is well-formed.
func pointer(t testing.TB, text string) answer.Pointer {
	t.Helper()
	var p answer.Pointer
	if err := p.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAll(t *testing.T) {
	const json = `{"a":{"b/c":{"~d":1}},"e":[{"f":2},{"f":3,"g":4},5],"*":6,"0":7,"~1":8}`
	const xml = `<r><e><f>2</f></e><e><f>3</f></e><g>4</g></r>`
	for name, tt := range map[string]struct {
		body, pointer string
		want          []string
	}{
		"escapes":                    {json, "/a/b~1c/~0d", []string{"1"}},
		"an escaped escape":          {json, "/~01", []string{"8"}},
		"an absent member":           {json, "/a/x", nil},
		"an element":                 {json, "/e/1/f", []string{"3"}},
		"the first element":          {json, "/e/0/f", []string{"2"}},
		"every element":              {json, "/e/*/f", []string{"2", "3"}},
		"every member":               {json, "/e/1/*", []string{"3", "4"}},
		"every member of an element": {json, "/e/*/*", []string{"2", "3", "4"}},
		"beyond the end":             {json, "/e/3", nil},
		"the end":                    {json, "/e/-", nil},
		"a negative index":           {json, "/e/-1", nil},
		"an index with a zero":       {json, "/e/01", nil},
		"an index with a sign":       {json, "/e/+1", nil},
		"a name of an array":         {json, "/e/f", nil},
		"a member that is a number":  {json, "/0", []string{"7"}},
		"below a number":             {json, "/0/0", nil},
		"elements of one name":       {xml, "/r/e/f", []string{"2", "3"}},
		"every element of XML":       {xml, "/r/*/f", []string{"2", "3"}},
	} {
		t.Run(name, func(t *testing.T) {
			n, _ := answer.Parse([]byte(tt.body))
			var got []string
			for _, found := range n.All(pointer(t, tt.pointer)) {
				got = append(got, found.Text)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("All(%q) mismatch (-want +got):\n%s", tt.pointer, diff)
			}
			first, ok := n.At(pointer(t, tt.pointer))
			if ok != (len(got) > 0) || ok && first.Text != got[0] {
				t.Errorf("At(%q) = %q, %v; want the first of %q", tt.pointer, first.Text, ok, got)
			}
		})
	}
}

func TestAllOfTheDocument(t *testing.T) {
	n, _ := answer.Parse([]byte(`{"a":1,"b":2}`))
	for _, p := range []answer.Pointer{nil, pointer(t, "")} {
		if self, ok := n.At(p); !ok || len(self.Members) != 2 {
			t.Errorf("At(%#v) = %v, %v", p, self, ok)
		}
	}
}

func TestPointerRefusesOtherText(t *testing.T) {
	for _, text := range []string{"errors", "errors/0", "#/errors", "$.errors", "/a~b", "/a~2", "/~"} {
		var p answer.Pointer
		if err := p.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("UnmarshalText(%q) = %q, nil; want an error", text, p)
		}
	}
}

// Each entry has its number in its list, or its name in its object.
func TestNodeEach(t *testing.T) {
	for name, tt := range map[string]struct {
		body, pointer string
		want          []string
	}{
		"list":               {`{"a":["x","y"]}`, "/a/*", []string{"0 x", "1 y"}},
		"object":             {`{"a":{"k":"x","l":"y","k":"z"}}`, "/a/*", []string{"k x", "l y", "k z"}},
		"body that is one":   {`["x"]`, "/*", []string{"0 x"}},
		"lists in an object": {`{"a":{"k":{"e":["x"]},"l":{"e":["y","z"]}}}`, "/a/*/e/*", []string{"0 x", "0 y", "1 z"}},
		"elements of a name": {`<a><b>x</b><c>y</c><b>z</b></a>`, "/a/b", []string{"0 x", "1 z"}},
		"absent":             {`{"b":1}`, "/a/*", nil},
		"the body itself":    {`{"b":1}`, "", nil},
	} {
		n, _ := answer.Parse([]byte(tt.body))
		var got []string
		for _, m := range n.Each(pointer(t, tt.pointer)) {
			got = append(got, m.Key+" "+m.Value.Text)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
