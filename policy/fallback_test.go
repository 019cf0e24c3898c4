package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestDecideEscalates(t *testing.T) {
	p := shop(t).WithRetry(policy.Retry{EscalateAfter: new(20)})
	for name, tt := range map[string]struct {
		state policy.State
		want  apierrors.Action
	}{
		"the first":                    {policy.State{}, apierrors.Surface},
		"the twentieth":                {policy.State{SurfacedCode: "BAD", Surfaced: 19}, apierrors.Surface},
		"the one after twenty":         {policy.State{SurfacedCode: "BAD", Surfaced: 20}, apierrors.FailFast},
		"after twenty of another kind": {policy.State{SurfacedCode: "TAKEN", Surfaced: 20}, apierrors.Surface},
	} {
		if d := p.Decide(withCodes(400, "BAD"), tt.state); d.Action != tt.want {
			t.Errorf("%s: %v by %s; want %v", name, d.Action, d.Rule, tt.want)
		}
	}
	if d := p.Decide(withCodes(400, "BAD"), policy.State{SurfacedCode: "BAD", Surfaced: 20}); d.Rule != "shop code BAD, 21 times in a row" {
		t.Errorf("the rule is called %q", d.Rule)
	}
	if d := shop(t).Decide(withCodes(400, "BAD"), policy.State{SurfacedCode: "BAD", Surfaced: 1000}); d.Action != apierrors.Surface {
		t.Errorf("%v, although escalation is off by default", d.Action)
	}
}

func TestDecideEscalatesOnlyByCode(t *testing.T) {
	p := shop(t).WithRetry(policy.Retry{EscalateAfter: new(3)})
	if d := p.Decide(withCodes(404), policy.State{Surfaced: 10}); d.Action != apierrors.Surface {
		t.Errorf("%v by %s", d.Action, d.Rule)
	}
}

func TestDecideUsesTheFallback(t *testing.T) {
	down := withCodes(400, "DOWN")
	down.Wait = 30 * time.Second
	last := policy.State{Attempts: 2}
	for name, tt := range map[string]struct {
		rule  policy.Rule
		state policy.State
		want  policy.Decision
	}{
		"none":        {policy.Rule{}, last, policy.Decision{Action: apierrors.Retry, Stop: apierrors.StopAttempts, RetryIn: 30 * time.Second}},
		"surface":     {policy.Rule{Fallback: apierrors.Surface}, last, policy.Decision{Action: apierrors.Surface, Stop: apierrors.StopAttempts, RetryIn: 30 * time.Second}},
		"defer":       {policy.Rule{Fallback: apierrors.Defer}, last, policy.Decision{Action: apierrors.Defer, Stop: apierrors.StopAttempts, RetryIn: 30 * time.Second}},
		"escalated":   {policy.Rule{Fallback: apierrors.Surface, EscalateAfter: new(3)}, policy.State{Attempts: 2, SurfacedCode: "DOWN", Surfaced: 3}, policy.Decision{Action: apierrors.FailFast, Stop: apierrors.StopAttempts, RetryIn: 30 * time.Second}},
		"of a shrink": {policy.Rule{Action: apierrors.Shrink, Fallback: apierrors.Retry}, last, policy.Decision{Action: apierrors.Retry, Stop: apierrors.StopAttempts, RetryIn: 30 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.rule.When, tt.rule.MaxAttempts = policy.Match{Codes: []string{"DOWN"}}, 2
			d := shop(t).With(tt.rule).Decide(down, tt.state)
			got := policy.Decision{Action: d.Action, Stop: d.Stop, RetryIn: d.RetryIn}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecideUsesTheFallbackOnTheLastAttempt(t *testing.T) {
	p := shop(t).With(policy.Rule{When: policy.Match{Codes: []string{"DOWN"}}, MaxAttempts: 2, Fallback: apierrors.FailFast})
	if d := p.Decide(withCodes(400, "DOWN"), policy.State{Attempts: 1}); !d.Retry {
		t.Errorf("the first: %v", d.Stop)
	}
	if d := p.Decide(withCodes(400, "DOWN"), policy.State{Attempts: 2}); d.Retry || d.Action != apierrors.FailFast || d.Stop != apierrors.StopAttempts {
		t.Errorf("the second: again %v, %v, %v", d.Retry, d.Action, d.Stop)
	}
}

// On the last attempt, the advice to shrink remains; the fallback is for calls that cannot
// shrink.
func TestDecideKeepsAShrinkOnTheLastAttempt(t *testing.T) {
	d := policy.Default().Decide(withCodes(413), policy.State{CanShrink: true, Attempts: 4})
	if d.Action != apierrors.Shrink || d.Stop != apierrors.StopAttempts {
		t.Errorf("%v, stop %v", d.Action, d.Stop)
	}
}
