package yamlfile

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// color is a closed set.
type color uint8

func (c color) MarshalText() ([]byte, error) {
	if c > 1 {
		return nil, errNoColor
	}
	return []byte([]string{"none", "red"}[c]), nil
}

func (c *color) UnmarshalText([]byte) error {
	*c = 1
	return nil
}

var errNoColor = Problem{Text: "no such color"}

type match struct {
	Codes []string `yaml:"code"`
	Color color    `yaml:"color"`
}

type ruled struct {
	Name  string        `yaml:"name"`
	When  match         `yaml:"when"`
	After time.Duration `yaml:"after"`
	Max   int           `yaml:"max"`
	Yes   bool          `yaml:"yes"`
}

type encoded struct {
	At    Pos
	Title string   `yaml:"title,required"`
	Words []string `yaml:"words"`
	Rules []ruled  `yaml:"rules"`
	ruled          // its keys belong to encoded
}

func TestEncode(t *testing.T) {
	in := encoded{
		Title: "no", Words: []string{"a", "1", "true", "two words", "it's \"so\"\n", ""},
		Rules: []ruled{{Name: "r", When: match{Codes: []string{"404", "A_B"}, Color: 1}, After: 90 * time.Second, Max: 2, Yes: true}, {}},
		ruled: ruled{Max: 7},
	}
	const want = `title: "no"
words: [a, "1", "true", "two words", "it's \"so\"\n", ""]
rules:
  - {name: r, when: {code: ["404", A_B], color: red}, after: 1m30s, max: 2, yes: true}
  - {}
max: 7
`
	got, err := Encode(in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Encode mismatch (-want +got):\n%s", diff)
	}
	var back encoded
	if err := Decode("f.yaml", []byte(got), &back); err != nil {
		t.Fatal(err)
	}
	back.At = Pos{}
	if diff := cmp.Diff(in, back, cmp.AllowUnexported(encoded{})); diff != "" {
		t.Errorf("Decode of it mismatch (-want +got):\n%s", diff)
	}
}

func TestEncodeRefusesAValueWithoutText(t *testing.T) {
	for name, v := range map[string]any{
		"a member outside a closed set": encoded{Rules: []ruled{{When: match{Color: 7}}}},
		"a type without a text": struct {
			F map[string]int `yaml:"f"`
		}{map[string]int{"a": 1}},
		"a nil pointer in a list": struct {
			F []*int `yaml:"f"`
		}{[]*int{nil}},
	} {
		if _, err := Encode(v); err == nil || !strings.Contains(err.Error(), ":") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
