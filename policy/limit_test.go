package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestPolicyLimits(t *testing.T) {
	account := policy.Limit{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 120, Per: time.Minute}}
	lead := policy.Limit{Name: "lead", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 24, Per: 24 * time.Hour}, Methods: []string{"PATCH"}, Paths: []string{"/contacts/*"}}
	off := policy.Limit{Name: "off", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 1, Per: time.Hour}, Off: true}
	p, err := policy.New(policy.Settings{Name: "shop", Limits: []policy.Limit{account, lead, off}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		method, path string
		want         []policy.Limit
	}{
		"a GET":           {"GET", "/contacts/7", []policy.Limit{account, off}},
		"a PATCH":         {"PATCH", "/contacts/7", []policy.Limit{account, lead, off}},
		"one level below": {"PATCH", "/contacts/7/tags", []policy.Limit{account, off}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, p.Limits(tt.method, tt.path)); diff != "" {
				t.Errorf("Limits mismatch (-want +got):\n%s", diff)
			}
		})
	}
	if got, ok := p.LimitNamed("off"); !ok || got.Scope != apierrors.ScopeRecord {
		t.Errorf("LimitNamed(off) = %v, %v", got, ok)
	}
}

func TestRateUnmarshalText(t *testing.T) {
	for text, want := range map[string]policy.Rate{
		"120/1m": {Count: 120, Per: time.Minute}, "24/24h": {Count: 24, Per: 24 * time.Hour},
		"120": {}, "120/60": {}, "0/1m": {}, "-1/1m": {}, "1/0s": {}, "1.5/1s": {}, "": {},
	} {
		var got policy.Rate
		err := got.UnmarshalText([]byte(text))
		if got != want || (err == nil) != (want.Count > 0) {
			t.Errorf("UnmarshalText(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
}
