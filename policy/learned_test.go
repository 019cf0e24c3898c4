package policy_test

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// Limits are written as an operator's file, which reads as the same limits.
func TestFormatLimits(t *testing.T) {
	limits := []policy.Limit{
		{Name: "a", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 98, Per: time.Second}, Burst: 3},
		{Name: "b", Scope: apierrors.ScopeAccount, Slots: 8},
	}
	for vendor, want := range map[string]string{
		"": `defaults:
  limits:
    # Sure.
    - {name: a, scope: account, rate: "98/1s", burst: 3}
    # A guess.
    - {name: b, scope: account, slots: 8}
`,
		"shop": `vendors:
  shop:
    limits:
      # Sure.
      - {name: a, scope: account, rate: "98/1s", burst: 3}
      # A guess.
      - {name: b, scope: account, slots: 8}
`,
	} {
		text, err := policy.FormatLimits(vendor, limits, []string{"Sure.", "A guess."})
		if diff := cmp.Diff(want, text); diff != "" || err != nil {
			t.Fatalf("vendor %q: error %v, text (-want +got):\n%s", vendor, err, diff)
		}
		name := t.TempDir() + "/policies.yaml"
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := policy.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		base, err := policy.New(policy.Settings{Name: vendor})
		if vendor == "" {
			base, err = policy.Default(), nil
		}
		if err != nil {
			t.Fatal(err)
		}
		p, err := file.Apply(base)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(limits, p.Limits("GET", "/")); diff != "" {
			t.Errorf("vendor %q: limits (-want +got):\n%s", vendor, diff)
		}
	}
}

func TestFormatLimitsRefusesAScopeThatIsNone(t *testing.T) {
	if _, err := policy.FormatLimits("", []policy.Limit{{Name: "a", Scope: 99}}, []string{""}); err == nil {
		t.Error("got no error; want one, as the scope has no text")
	}
}
