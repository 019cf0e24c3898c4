package yamlfile

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lower is a word of which the case does not matter.
type lower string

func (l *lower) UnmarshalText(b []byte) error {
	*l = lower(strings.ToLower(string(b)))
	return nil
}

// optioned has a key for each option of a tag.
type optioned struct {
	Max      int            `yaml:"max,positive"`
	After    time.Duration  `yaml:"after,positive"`
	Least    *int           `yaml:"least,positive"`
	Budget   *int           `yaml:"budget,nonnegative"`
	Wait     *time.Duration `yaml:"wait,nonnegative"`
	Hint     string         `yaml:"hint,nonempty,was=text"`
	Codes    []string       `yaml:"codes,nonempty"`
	Accepted []string       `yaml:"accepted,explicit"`
	Class    class          `yaml:"class"`
	Maybe    *class         `yaml:"maybe"`
	Yes      *bool          `yaml:"yes"`
	Counts   []*int         `yaml:"counts"`
	Words    map[lower]int  `yaml:"words"`
	Number   float64        `yaml:"number,positive,nonempty"` // options without a meaning here
}

func TestDecodeChecksTheOptions(t *testing.T) {
	for name, tt := range map[string]struct {
		data string
		want optioned
		err  string
	}{
		"a count":                     {"max: 1\n", optioned{Max: 1}, ""},
		"no count":                    {"max: 0\n", optioned{}, "f.yaml:1:6: max: expected a number above zero; got 0"},
		"a negative count":            {"max: -1\n", optioned{}, "f.yaml:1:6: max: expected a number above zero; got -1"},
		"a pointer to a count":        {"least: 1\n", optioned{Least: new(1)}, ""},
		"a pointer to no count":       {"least: 0\n", optioned{}, "f.yaml:1:8: least: expected a number above zero; got 0"},
		"a duration":                  {"after: 1ms\n", optioned{After: time.Millisecond}, ""},
		"a duration that is no wait":  {"after: 999us\nwait: 1ns\n", optioned{Wait: new(time.Duration(0))}, "f.yaml:1:8: expected a duration of 1ms or more; got \"999us\"\nf.yaml:2:7: expected a duration of 1ms or more; got \"1ns\""},
		"no duration":                 {"after: 0s\n", optioned{}, `f.yaml:1:8: after: expected a duration above zero; got "0s"`},
		"zero":                        {"budget: 0\n", optioned{Budget: new(0)}, ""},
		"less than zero":              {"budget: -1\n", optioned{}, "f.yaml:1:9: budget: expected a number of zero or more; got -1"},
		"a duration of zero":          {"wait: 0s\n", optioned{Wait: new(time.Duration(0))}, ""},
		"a negative duration":         {"wait: -1s\n", optioned{}, `f.yaml:1:7: wait: expected a duration of zero or more; got "-1s"`},
		"no text":                     {"hint: ''\n", optioned{}, `f.yaml:1:7: hint: expected text that is not empty; got ""`},
		"an empty list":               {"codes: []\n", optioned{Codes: nil}, "f.yaml:1:8: codes: expected at least one element; got an empty list"},
		"an empty list that counts":   {"accepted: []\n", optioned{Accepted: []string{}}, ""},
		"a word for nothing":          {"class: none\n", optioned{}, "f.yaml:1:8: class: none means the same as no key; leave it out"},
		"that a pointer tells apart":  {"maybe: none\n", optioned{Maybe: new(none)}, ""},
		"false":                       {"yes: false\n", optioned{Yes: new(false)}, ""},
		"a word that was renamed":     {"text: a\n", optioned{Hint: "a"}, `f.yaml:1:1: "text" is now called "hint"`},
		"which is still checked":      {"text: ''\n", optioned{}, "f.yaml:1:1: \"text\" is now called \"hint\"\nf.yaml:1:7: hint: expected text that is not empty; got \"\""},
		"options that mean nothing":   {"number: 0\n", optioned{}, ""},
		"a scalar as a list":          {"counts: 5\n", optioned{Counts: []*int{new(5)}}, ""},
		"two words for a key":         {"words: {A: 1, a: 2}\n", optioned{Words: map[lower]int{"a": 1}}, `f.yaml:1:15: duplicate key "a"; an earlier word means the same`},
		"a key that cannot be read":   {"hint: &a x\n*a : 2\n", optioned{Hint: "x"}, "f.yaml:1:7: anchors and aliases are not supported here\nf.yaml:2:1: anchors and aliases are not supported here"},
		"a value of the wrong type":   {"max: x\n", optioned{}, `f.yaml:1:6: expected a whole number; got "x"`},
		"a value that cannot be read": {"hint: &a x\nmax: *a\n", optioned{Hint: "x"}, "f.yaml:1:7: anchors and aliases are not supported here\nf.yaml:2:6: anchors and aliases are not supported here"},
	} {
		t.Run(name, func(t *testing.T) {
			var got optioned
			unread, err := Read("f.yaml", []byte(tt.data), &got)
			if err != nil {
				t.Fatal(err)
			}
			if unread.Error() != tt.err {
				t.Errorf("problems %q; want %q", unread.Error(), tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("value mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// Zero values behind a pointer, and lists that count, survive; what is unset stays unset.
func TestEncodeKeepsWhatIsSet(t *testing.T) {
	in := optioned{
		Least: new(0), Budget: new(0), Wait: new(time.Duration(0)), Codes: []string{}, Accepted: []string{},
		Maybe: new(none), Yes: new(false),
	}
	const want = "least: 0\nbudget: 0\nwait: 0s\naccepted: []\nmaybe: none\nyes: false\n"
	got, err := Encode(in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Encode mismatch (-want +got):\n%s", diff)
	}
	if got, err := Encode(optioned{}); got != "" || err != nil {
		t.Errorf("Encode of nothing = %q, %v", got, err)
	}
}
