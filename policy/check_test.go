package policy_test

import (
	"strings"
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestNewReportsAllProblems(t *testing.T) {
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
			t.Errorf("no %s in the error:\n%v", want, err)
		}
	}
}

// A vendor's rule that is only about methods or paths would never be consulted.
func TestNewRefusesARuleThatIsNeverConsulted(t *testing.T) {
	_, err := policy.New(policy.Settings{Name: "shop", Rules: []policy.Rule{
		{Name: "a", When: policy.Match{Methods: []string{"POST"}}, Action: apierrors.Retry},
	}})
	const want = "policy: rule a: when: expected a code, a status or a class: a vendor's rules are consulted by these"
	if err == nil || err.Error() != want {
		t.Errorf("New: %v; want %s", err, want)
	}
}

// What a file's tags say, Check says of a policy that is made in Go.
func TestCheckRefusesValuesWithoutMeaning(t *testing.T) {
	backoff := func(base, limit time.Duration) policy.Backoff { return policy.Backoff{Base: base, Cap: limit} }
	for want, p := range map[string]policy.Policy{
		"policy: retry: max_attempts: expected zero or more; got -1":                                 policy.Default().WithRetry(policy.Retry{MaxAttempts: -1}),
		"policy: retry: max_elapsed: expected zero or more; got -1ns":                                policy.Default().WithRetry(policy.Retry{MaxElapsed: -1}),
		"policy: retry: attempt_timeout: expected zero or more; got -1ns":                            policy.Default().WithRetry(policy.Retry{AttemptTimeout: -1}),
		"policy: retry: budget: expected zero or more; got -1":                                       policy.Default().WithRetry(policy.Retry{Budget: new(-1)}),
		"policy: retry: escalate_after: expected zero or more; got -1":                               policy.Default().WithRetry(policy.Retry{EscalateAfter: new(-1)}),
		"policy: retry: backoff: expected a base and a cap above zero; got 0s and 1s":                policy.Default().WithRetry(policy.Retry{Backoff: backoff(0, time.Second)}),
		"policy: retry: backoff: expected a cap of at least the base; got 1s and 2s":                 policy.Default().WithRetry(policy.Retry{Backoff: backoff(2*time.Second, time.Second)}),
		"policy: rule a: escalate_after: expected zero or more; got -1":                              policy.Default().With(policy.Rule{Name: "a", EscalateAfter: new(-1)}),
		"policy: rule a: backoff: expected a base and a cap above zero; got -1ns and 1s":             policy.Default().With(policy.Rule{Name: "a", Backoff: backoff(-1, time.Second)}),
		"policy: rule a: fallback accept: expected retry, defer, surface or fail_fast":               policy.Default().With(policy.Rule{Name: "a", Fallback: apierrors.Accept}),
		"policy: rule a: has no effect":                                                              policy.Default().With(policy.Rule{Name: "a", When: policy.Match{Codes: []string{"A"}}}),
		"policy: rule a: status 50-49: expected a range within 200 to 999":                           policy.Default().With(policy.Rule{Name: "a", When: policy.Match{Statuses: []policy.StatusRange{{From: 50, To: 49}}}, Action: apierrors.Retry}),
		"policy: limit a: expected a rate, a window or slots: without one, the limit bounds nothing": policy.Default().WithLimit(policy.Limit{Name: "a", Scope: apierrors.ScopeRecord}),
		"policy: limit a: burst: expected zero or more; got -1":                                      policy.Default().WithLimit(policy.Limit{Name: "a", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 1, Per: 1}, Burst: -1}),
		"policy: limit a: burst has no effect without a rate":                                        policy.Default().WithLimit(policy.Limit{Name: "a", Scope: apierrors.ScopeRecord, Slots: 1, Burst: 2}),
		"policy: limit a: share: expected a part from 1% to 100%; got 101%":                          policy.Default().WithLimit(policy.Limit{Name: "a", Scope: apierrors.ScopeRecord, Slots: 1, Share: 101}),
		"policy: limit a: method \"get\": expected upper case":                                       policy.Default().WithLimit(policy.Limit{Name: "a", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 1, Per: 1}, Methods: []string{"get"}}),
	} {
		if err := p.Check(); err == nil || err.Error() != want {
			t.Errorf("Check: %v; want %s", err, want)
		}
	}
	if err := policy.Default().WithRetry(policy.Retry{Budget: new(0), MaxWait: new(time.Duration(0))}).Check(); err != nil {
		t.Errorf("Check of zeros: %v", err)
	}
}

// A number outside a closed set is refused in a rule, and is an unknown failure in a
// response.
func TestCheckRefusesAnUnknownMember(t *testing.T) {
	const beyond = 99
	for _, r := range []policy.Rule{{Class: beyond}, {Action: beyond}, {When: policy.Match{Class: beyond}}} {
		if policy.Default().With(r).Check() == nil {
			t.Errorf("Check of %+v: no error", r)
		}
	}
	if d := policy.Default().Decide(policy.Failure{Status: 422, Class: beyond}, policy.State{}); d.Class != apierrors.Unknown {
		t.Errorf("class %v", d.Class)
	}
}
