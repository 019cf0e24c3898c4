package policy_test

import (
	"testing"

	"github.com/retrywise/retrywise/policy"
)

func TestUnitSurvivesTheRoundTrip(t *testing.T) {
	for u, name := range []string{"none", "seconds", "milliseconds", "http", "epoch", "epoch_ms", "duration"} {
		var got policy.Unit
		if err := got.UnmarshalText([]byte(name)); err != nil || got != policy.Unit(u) {
			t.Errorf("UnmarshalText(%q) = %v, %v; want %d", name, got, err, u)
		}
		text, err := got.MarshalText()
		if err != nil || string(text) != name || got.String() != name {
			t.Errorf("%q became %q, %q (%v)", name, text, got, err)
		}
	}
	for _, wrong := range []string{"sec", ""} {
		var u policy.Unit
		if err := u.UnmarshalText([]byte(wrong)); err == nil {
			t.Errorf("UnmarshalText(%q): no error", wrong)
		}
	}
	if _, err := policy.Unit(7).MarshalText(); err == nil {
		t.Error("MarshalText of a unit outside the set: no error")
	}
}
