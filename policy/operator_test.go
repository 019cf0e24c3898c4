package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestTheOperatorGoesFirst(t *testing.T) {
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
			verdict{Again: true, Class: apierrors.ServerError, Act: apierrors.Retry, Rule: "status 503"},
		},
		"another class brings its own action": {
			[]policy.Rule{{When: policy.Match{Codes: []string{"THERE"}}, Class: apierrors.Validation}},
			withCodes(400, "THERE"),
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Validation, Act: apierrors.Surface, Rule: "operator's code THERE"},
		},
		"the first that matches": {
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

// An operator's word is not undone by what comes after it.
func TestTheOperatorHasTheLastWord(t *testing.T) {
	for name, tt := range map[string]struct {
		rule    policy.Rule
		failure policy.Failure
		state   policy.State
		want    apierrors.Action
	}{
		"over acceptance after an unknown outcome": {
			policy.Rule{When: policy.Match{Codes: []string{"TAKEN"}}, Action: apierrors.FailFast},
			withCodes(400, "TAKEN"), policy.State{UnknownBefore: true}, apierrors.FailFast,
		},
		"which holds where the operator speaks of something else": {
			policy.Rule{When: policy.Match{Codes: []string{"TAKEN"}}, Hint: "Look at it."},
			withCodes(400, "TAKEN"), policy.State{UnknownBefore: true}, apierrors.Accept,
		},
		"on a token that cannot be renewed": {
			policy.Rule{When: policy.Match{Class: apierrors.Authentication}, Action: apierrors.Defer, After: time.Hour},
			withCodes(401), policy.State{}, apierrors.Defer,
		},
		"on one that can": {
			policy.Rule{When: policy.Match{Class: apierrors.Authentication}, Action: apierrors.Defer, After: time.Hour},
			withCodes(401), policy.State{CanRefresh: true}, apierrors.Refresh,
		},
	} {
		if d := shop(t).With(tt.rule).Decide(tt.failure, tt.state); d.Action != tt.want {
			t.Errorf("%s: %v by %s; want %v", name, d.Action, d.Rule, tt.want)
		}
	}
}
