package policy_test

import (
	"fmt"
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// Sorting a vendor's rules keeps the order of equal ones, however many there are.
func TestDecideUsesTheFirstOfEqualRules(t *testing.T) {
	var rules []policy.Rule
	for i := range 100 {
		if i%3 == 0 { // by status: sorted behind those by code
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
			t.Errorf("code C%d: rule %s", i, d.Rule)
		}
	}
}

// A rule that is narrowed by a wait goes before one that is not.
func TestDecidePrefersANarrowerRule(t *testing.T) {
	onBusy := func(name string, hasWait *bool) policy.Rule {
		return policy.Rule{Name: name, When: policy.Match{Codes: []string{"BUSY"}, HasWait: hasWait}, Class: apierrors.RateLimited}
	}
	for name, tt := range map[string]struct {
		rules []policy.Rule
		wait  time.Duration
		want  string
	}{
		"with a wait":       {[]policy.Rule{onBusy("wide", nil), onBusy("narrow", new(true))}, time.Second, "narrow"},
		"but has none":      {[]policy.Rule{onBusy("wide", nil), onBusy("narrow", new(true))}, 0, "wide"},
		"without a wait":    {[]policy.Rule{onBusy("wide", nil), onBusy("narrow", new(false))}, 0, "narrow"},
		"but has one":       {[]policy.Rule{onBusy("wide", nil), onBusy("narrow", new(false))}, time.Second, "wide"},
		"of two narrow, by": {[]policy.Rule{onBusy("with", new(true)), onBusy("without", new(false))}, 0, "without"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := policy.New(policy.Settings{Name: "shop", Rules: tt.rules})
			if err != nil {
				t.Fatal(err)
			}
			f := withCodes(400, "BUSY")
			f.Wait = tt.wait
			if d := p.Decide(f, policy.State{}); d.Rule != tt.want {
				t.Errorf("rule %s; want %s", d.Rule, tt.want)
			}
		})
	}
}

// A refused credential in a truncated response is retried if that is safe.
func TestDecideRetriesATruncatedRead(t *testing.T) {
	refused := policy.Failure{Status: 401, Truncated: true}
	for method, want := range map[string]bool{"GET": true, "POST": false} {
		if d := policy.Default().Decide(refused, policy.State{Method: method}); d.Retry != want {
			t.Errorf("%s: retry %v, %v, stop %v", method, d.Retry, d.Class, d.Stop)
		}
	}
}

// An operator's rule that turns a refused token into an expired one does not apply again
// after the token could not be renewed.
func TestDecideRefusesATokenThatCannotBeRenewed(t *testing.T) {
	p := policy.Default().With(policy.Rule{Class: apierrors.TokenExpired})
	for name, tt := range map[string]struct {
		state policy.State
		want  apierrors.Action
	}{
		"renewable":     {policy.State{CanRefresh: true}, apierrors.Refresh},
		"not renewable": {policy.State{}, apierrors.FailFast},
	} {
		if d := p.Decide(policy.Failure{Status: 403}, tt.state); d.Action != tt.want {
			t.Errorf("%s: %v by %s; want %v", name, d.Action, d.Rule, tt.want)
		}
	}
}
