package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestWithGoesFirst(t *testing.T) {
	five := policy.StatusRange{From: 500, To: 599}
	for name, tt := range map[string]struct {
		rules   []policy.Rule
		failure policy.Failure
		want    verdict
	}{
		"by code": {
			[]policy.Rule{{When: policy.Match{Codes: []string{"TAKEN"}}, Action: apierrors.Accept}},
			withCodes(400, "TAKEN"),
			verdict{Class: apierrors.AlreadyExists, Act: apierrors.Accept, Rule: "operator's code TAKEN"},
		},
		"by class, over the vendor's code": {
			[]policy.Rule{{When: policy.Match{Class: apierrors.AlreadyExists}, Action: apierrors.Surface}},
			withCodes(400, "THERE"),
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.AlreadyExists, Act: apierrors.Surface, Rule: "operator's class already_exists"},
		},
		"by status and method together": {
			[]policy.Rule{{Name: "writes", When: policy.Match{Statuses: []policy.StatusRange{five}, Methods: []string{"POST"}}, Action: apierrors.Surface}},
			withCodes(503),
			verdict{Retry: true, Class: apierrors.ServerError, Act: apierrors.Retry, Rule: "status 503"},
		},
		"another class brings its own action": {
			[]policy.Rule{{When: policy.Match{Codes: []string{"THERE"}}, Class: apierrors.Validation}},
			withCodes(400, "THERE"),
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Validation, Act: apierrors.Surface, Rule: "operator's code THERE"},
		},
		"the first that matches decides": {
			[]policy.Rule{
				{Name: "one", When: policy.Match{Codes: []string{"DOWN"}}, Action: apierrors.FailFast},
				{Name: "two", When: policy.Match{Codes: []string{"DOWN"}}, Action: apierrors.Surface},
			},
			withCodes(400, "DOWN"),
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.ServerError, Act: apierrors.FailFast, Rule: "one"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, verdictOf(shop(t).With(tt.rules...).Decide(tt.failure, policy.State{}))); diff != "" {
				t.Errorf("Decide mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// Later steps do not undo an operator's action.
func TestWithHasTheLastWord(t *testing.T) {
	for name, tt := range map[string]struct {
		rule    policy.Rule
		failure policy.Failure
		state   policy.State
		want    apierrors.Action
	}{
		"against acceptance after an unknown outcome": {
			policy.Rule{When: policy.Match{Codes: []string{"TAKEN"}}, Action: apierrors.FailFast},
			withCodes(400, "TAKEN"), policy.State{Before: policy.InDoubt}, apierrors.FailFast,
		},
		"which a rule without an action leaves": {
			policy.Rule{When: policy.Match{Codes: []string{"TAKEN"}}, Hint: "Look at it."},
			withCodes(400, "TAKEN"), policy.State{Before: policy.InDoubt}, apierrors.Accept,
		},
		"for a token that cannot be renewed": {
			policy.Rule{When: policy.Match{Class: apierrors.Authentication}, Action: apierrors.Defer, After: time.Hour},
			withCodes(401), policy.State{}, apierrors.Defer,
		},
		"but not for one that can": {
			policy.Rule{When: policy.Match{Class: apierrors.Authentication}, Action: apierrors.Defer, After: time.Hour},
			withCodes(401), policy.State{CanRefresh: true}, apierrors.Refresh,
		},
	} {
		if d := shop(t).With(tt.rule).Decide(tt.failure, tt.state); d.Action != tt.want {
			t.Errorf("%s: %v by %s; want %v", name, d.Action, d.Rule, tt.want)
		}
	}
}

func TestRetryHasTheDefaults(t *testing.T) {
	want := policy.Retry{
		MaxAttempts: 4, Backoff: policy.Backoff{Base: 500 * time.Millisecond, Cap: 20 * time.Second},
		MaxElapsed: 2 * time.Minute, MaxWait: new(time.Minute), AttemptTimeout: time.Minute,
		StallTimeout: new(30 * time.Second), ReadAhead: new(0), Budget: new(10), Outage: policy.OutageWait, EscalateAfter: new(0),
	}
	var p policy.Policy
	if diff := cmp.Diff(want, p.Retry()); diff != "" {
		t.Errorf("Retry mismatch (-want +got):\n%s", diff)
	}
}

func TestForJobs(t *testing.T) {
	got := policy.Default().WithRetry(policy.ForJobs())
	want := policy.Default().Retry()
	want.MaxAttempts, want.MaxWait, want.MaxElapsed, want.Outage = 2, new(5*time.Second), 30*time.Second, policy.OutageDefer
	if diff := cmp.Diff(want, got.Retry()); diff != "" {
		t.Errorf("Retry mismatch (-want +got):\n%s", diff)
	}
	if err := got.Check(); err != nil {
		t.Error(err)
	}
}

func TestPolicyIsAValue(t *testing.T) {
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
		t.Errorf("action %v of the copy; want fail_fast", got)
	}
	if changed.Retry().MaxAttempts != 1 || len(changed.Limits("GET", "/")) != 1 {
		t.Error("WithRetry or WithLimit did not change the copy")
	}
}

// A change of the settings or of a copy does not change a policy.
func TestPolicyCopiesItsParts(t *testing.T) {
	s := policy.Settings{
		Name:      "shop",
		Endpoints: []policy.Endpoint{{Methods: []string{"PATCH"}, Paths: []string{"/items/*"}, Repeatable: true}},
		Limits: []policy.Limit{
			{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Second}, Burst: 1},
			{Name: "item", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 1, Per: time.Hour}, Burst: 1},
		},
	}
	p, err := policy.New(s)
	if err != nil {
		t.Fatal(err)
	}
	before := string(yamlOf(t, p))
	rules := []policy.Rule{{When: policy.Match{Codes: []string{"BAD"}}, Action: apierrors.Accept}}
	_ = p.WithLimit(policy.Limit{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 9, Per: time.Second}, Burst: 1})
	_ = p.With(rules...).WithRetry(policy.Retry{MaxAttempts: 9})
	s.Endpoints[0], s.Limits[0] = policy.Endpoint{Methods: []string{"POST"}, Repeatable: true}, policy.Limit{}
	if after := string(yamlOf(t, p)); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	if rules[0].Name != "" {
		t.Errorf("With named the caller's rule %q", rules[0].Name)
	}
}

func TestPolicyName(t *testing.T) {
	if got := shop(t).Name(); got != "shop" {
		t.Errorf("Name() = %q; want shop", got)
	}
	if got := policy.Default().Name(); got != "" {
		t.Errorf("Name() of the default policy = %q", got)
	}
}

// What a pointer of a rule or of the bounds points to is copied in both directions.
func TestPolicySharesNoPointers(t *testing.T) {
	budget, unsafe := 5, true
	p := policy.Default().
		WithRetry(policy.Retry{Budget: &budget}).
		With(policy.Rule{When: policy.Match{Class: apierrors.Network}, RepeatUnsafe: &unsafe})
	budget, unsafe = 0, false
	r := p.Retry()
	*r.Budget, *r.MaxWait, *r.EscalateAfter = 1, 1, 1
	if got := p.Retry(); *got.Budget != 5 || *got.MaxWait != time.Minute || *got.EscalateAfter != 0 {
		t.Errorf("budget %d, max wait %v, escalate after %d", *got.Budget, *got.MaxWait, *got.EscalateAfter)
	}
	if got := policy.Default().Retry(); *got.MaxWait != time.Minute {
		t.Errorf("the default is now a max wait of %v", *got.MaxWait)
	}
	if d := p.Decide(policy.Failure{Class: apierrors.Network}, policy.State{Method: "POST"}); !d.Retry {
		t.Errorf("stop %v", d.Stop)
	}
}
