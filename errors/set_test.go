package apierrors

import (
	"encoding"
	"fmt"
	"slices"
	"testing"
)

// member has the methods that closed sets have in common.
type member interface {
	fmt.Stringer
	encoding.TextMarshaler
}

// roundTrip checks a whole set: each member has a unique name and survives being written
// and read, and the value after the last is refused.
func roundTrip[T interface {
	~uint8
	member
}, P interface {
	*T
	encoding.TextUnmarshaler
}](t *testing.T, names []string, kind string) {
	t.Helper()
	for i := range names {
		v := T(i)
		if names[i] == "" || slices.Index(names, names[i]) != i {
			t.Errorf("%s %d: name %q is empty or a duplicate", kind, i, names[i])
		}
		text, err := v.MarshalText()
		if err != nil {
			t.Errorf("%v.MarshalText: %v", v, err)
		}
		var back T
		if err := P(&back).UnmarshalText(text); err != nil || back != v {
			t.Errorf("UnmarshalText(%q) = %v, %v; want %v", text, back, err, v)
		}
		if v.String() != string(text) {
			t.Errorf("String %q differs from MarshalText %q", v.String(), text)
		}
	}
	beyond := T(len(names))
	if _, err := beyond.MarshalText(); err == nil {
		t.Errorf("%v.MarshalText: no error for a value outside the set", beyond)
	}
	if want := fmt.Sprintf("%s(%d)", kind, len(names)); beyond.String() != want {
		t.Errorf("String = %q; want %q", beyond.String(), want)
	}
	var v T
	if err := P(&v).UnmarshalText([]byte("no such word")); err == nil {
		t.Errorf("%s: no error for an unknown word", kind)
	}
}

func TestSetsRoundTrip(t *testing.T) {
	t.Run("class", func(t *testing.T) { roundTrip[Class](t, classes.Names, "class") })
	t.Run("action", func(t *testing.T) { roundTrip[Action](t, actions.Names, "action") })
	t.Run("stop", func(t *testing.T) { roundTrip[Stop](t, stops.Names, "stop") })
	t.Run("applied", func(t *testing.T) { roundTrip[Applied](t, outcomes.Names, "applied") })
	t.Run("scope", func(t *testing.T) { roundTrip[Scope](t, scopes.Names, "scope") })
}

// A constant that is added without a name fails this test.
func TestSetsHaveANameForEachMember(t *testing.T) {
	for name, got := range map[string][2]int{
		"class":   {len(classes.Names), int(Unknown) + 1},
		"action":  {len(actions.Names), int(FailFast) + 1},
		"stop":    {len(stops.Names), int(StopCanceled) + 1},
		"stops'":  {len(sentences.Names), int(StopCanceled) + 1},
		"applied": {len(outcomes.Names), int(AppliedYes) + 1},
		"scope":   {len(scopes.Names), int(ScopeGlobal) + 1},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %d names for %d members", name, got[0], got[1])
		}
	}
}

func TestClasses(t *testing.T) {
	all := Classes()
	if len(all) != int(Unknown) || slices.Contains(all, None) {
		t.Errorf("Classes() = %v", all)
	}
}
