package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestZeroPolicyHasTheDefaults(t *testing.T) {
	want := policy.Retry{
		MaxAttempts: 4, Backoff: policy.Backoff{Base: 500 * time.Millisecond, Cap: 20 * time.Second},
		MaxElapsed: 2 * time.Minute, MaxWait: new(time.Minute), AttemptTimeout: time.Minute, Budget: new(10), EscalateAfter: new(0),
	}
	var p policy.Policy
	if diff := cmp.Diff(want, p.Retry()); diff != "" {
		t.Errorf("Retry mismatch (-want +got):\n%s", diff)
	}
}

func TestAPolicyIsAValue(t *testing.T) {
	base := policy.Default()
	changed := base.With(policy.Rule{Action: apierrors.FailFast}).
		WithRetry(policy.Retry{MaxAttempts: 1}).
		WithLimit(policy.Limit{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Second}})
	if got := base.Decide(policy.Failure{Status: 503}, policy.State{}).Action; got != apierrors.Retry {
		t.Errorf("With changed its receiver: %v", got)
	}
	if base.Retry().MaxAttempts != 4 || len(base.Limits("GET", "/")) != 0 {
		t.Error("WithRetry or WithLimit changed its receiver")
	}
	if got := changed.Decide(policy.Failure{Status: 503}, policy.State{}).Action; got != apierrors.FailFast {
		t.Errorf("the copy decides %v; want fail_fast", got)
	}
	if changed.Retry().MaxAttempts != 1 || len(changed.Limits("GET", "/")) != 1 {
		t.Error("the copy lacks what it was given")
	}
}

func TestLimits(t *testing.T) {
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

func TestNewTellsEverythingThatIsWrong(t *testing.T) {
	_, err := policy.New(policy.Settings{
		Name:      "shop",
		Rules:     []policy.Rule{{When: policy.Match{Paths: []string{"["}}}, {Name: "late", After: -1}},
		Endpoints: []policy.Endpoint{{Paths: []string{"/[a"}}},
		Limits:    []policy.Limit{{Name: "x", Scope: apierrors.ScopeJob, Rate: policy.Rate{Count: 1, Per: 1}}, {Scope: apierrors.ScopeAccount}},
		Retry:     policy.Retry{MaxWait: new(time.Duration(-1))},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`path "["`, "rule late: after: expected zero or more; got -1ns", `path "/[a"`, `limit x: scope job`, `limit : name: expected text`, "retry: max_wait: expected zero or more; got -1ns"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not tell of %s:\n%v", want, err)
		}
	}
}
