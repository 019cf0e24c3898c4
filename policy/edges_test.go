package policy_test

import (
	"fmt"
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// Rows for TestWaits.
func TestAToldWaitIsKeptExactly(t *testing.T) {
	for name, tt := range map[string]struct {
		wait  time.Duration
		state policy.State
		want  time.Duration
	}{
		"a long one, throttled often before": {2 * time.Second, policy.State{Throttled: 5, Random: 0.9}, 2 * time.Second},
		"a short one, the first time":        {500 * time.Millisecond, policy.State{Random: 0.9}, 500 * time.Millisecond},
		"a short one, again":                 {500 * time.Millisecond, policy.State{Throttled: 1, Random: 0.9}, 1800 * time.Millisecond},
		"never earlier":                      {500 * time.Millisecond, policy.State{Throttled: 1}, 500 * time.Millisecond},
		"of a second, again":                 {time.Second, policy.State{Throttled: 5, Random: 0.9}, time.Second},
	} {
		if d := policy.Default().Decide(policy.Failure{Status: 429, Wait: tt.wait}, tt.state); d.Delay != tt.want || !d.Retry {
			t.Errorf("%s: again %v after %v; want %v", name, d.Retry, d.Delay, tt.want)
		}
	}
}

// Of a vendor's rules for one code, the first speaks, however many there are.
func TestTheFirstOfEqualRulesSpeaks(t *testing.T) {
	var rules []policy.Rule
	for i := range 100 {
		if i%3 == 0 { // by status: it sorts behind those by code
			rules = append(rules, policy.Rule{When: policy.Match{Statuses: []policy.StatusRange{{From: 500 + i, To: 500 + i}}}, Action: apierrors.Surface})
		}
		rules = append(rules, policy.Rule{Name: fmt.Sprint("rule ", i), When: policy.Match{Codes: []string{fmt.Sprint("C", i%10)}}, Action: apierrors.Surface})
	}
	p, err := policy.New(policy.Settings{Name: "shop", Rules: rules})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if d := p.Decide(withCodes(400, fmt.Sprint("C", i)), policy.State{}); d.Rule != fmt.Sprint("rule ", i) {
			t.Errorf("code C%d is judged by %s", i, d.Rule)
		}
	}
}

// What remains for a shrink that has used up its attempts is advice, not its last resort.
func TestAShrinkWhoseAttemptsAreUsedUp(t *testing.T) {
	d := policy.Default().Decide(withCodes(413), policy.State{CanShrink: true, Attempts: 4})
	if d.Action != apierrors.Shrink || d.Stop != apierrors.StopAttempts {
		t.Errorf("%v, stop %v", d.Action, d.Stop)
	}
}

// The time for trying is used up when it is reached, and a wait that would reach it is
// not begun.
func TestTheBoundOfTheTimeForTrying(t *testing.T) {
	for name, tt := range map[string]struct {
		trying time.Duration
		wait   time.Duration
		again  bool
	}{
		"reached":                  {2 * time.Minute, time.Second, false},
		"a moment before":          {2*time.Minute - 1, time.Second, true},
		"a back-off that would":    {2*time.Minute - 250*time.Millisecond, 0, false},
		"a back-off that does not": {2*time.Minute - 250*time.Millisecond - 1, 0, true},
	} {
		d := policy.Default().Decide(policy.Failure{Status: 503, Wait: tt.wait}, policy.State{Elapsed: tt.trying, Random: 0.5})
		if d.Retry != tt.again {
			t.Errorf("%s: again %v, stop %v", name, d.Retry, d.Stop)
		}
	}
}

// A narrower rule goes before a wider one: by method, by path, or by a told wait.
func TestARuleForAToldWaitGoesFirst(t *testing.T) {
	wide := policy.Rule{Name: "wide", When: policy.Match{Codes: []string{"BUSY"}}, Action: apierrors.Surface}
	narrow := policy.Rule{Name: "narrow", When: policy.Match{Codes: []string{"BUSY"}, HasWait: new(true)}, Action: apierrors.Throttle}
	p, err := policy.New(policy.Settings{Name: "shop", Rules: []policy.Rule{wide, narrow}})
	if err != nil {
		t.Fatal(err)
	}
	told := withCodes(400, "BUSY")
	told.Wait = time.Second
	if d := p.Decide(told, policy.State{}); d.Rule != "narrow" {
		t.Errorf("judged by %s", d.Rule)
	}
}

// What is made of a policy, and what it was made of, has no part in it.
func TestWhatAPolicyIsMadeOf(t *testing.T) {
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
		t.Errorf("it was\n%s\nand is now\n%s", before, after)
	}
	if rules[0].Name != "" {
		t.Errorf("the caller's rule is now called %q", rules[0].Name)
	}
}

// A credential that is refused in half an answer is asked again, where that is safe.
func TestAPlainStatusThatWasCut(t *testing.T) {
	refused := policy.Failure{Status: 401, Truncated: true}
	for method, again := range map[string]bool{"GET": true, "POST": false} {
		if d := policy.Default().Decide(refused, policy.State{Method: method}); d.Retry != again {
			t.Errorf("%s: again %v, %v, stop %v", method, d.Retry, d.Class, d.Stop)
		}
	}
}

// A word from outside a closed set is told, or understood as unknown: it is no panic.
func TestWhatIsOutsideAClosedSet(t *testing.T) {
	const none = 99
	for _, r := range []policy.Rule{{Class: none}, {Action: none}, {When: policy.Match{Class: none}}} {
		if policy.Default().With(r).Check() == nil {
			t.Errorf("%+v is taken for a rule", r)
		}
	}
	if d := policy.Default().Decide(policy.Failure{Status: 422, Class: none}, policy.State{}); d.Class != apierrors.Unknown {
		t.Errorf("class %v", d.Class)
	}
}
