package policy_test

import (
	"testing"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

var (
	allOutcomes = []policy.Outcome{policy.NotApplied, policy.InDoubt, policy.Applied}
	allShown    = []apierrors.Applied{apierrors.AppliedNo, apierrors.AppliedUnknown, apierrors.AppliedYes}
)

// A refusal proves nothing about earlier attempts, and what was executed stays executed.
func TestOutcomeAfter(t *testing.T) {
	no, unknown, yes := apierrors.AppliedNo, apierrors.AppliedUnknown, apierrors.AppliedYes
	tests := []struct {
		before policy.Outcome
		shown  apierrors.Applied
		want   policy.Outcome
	}{
		{policy.NotApplied, no, policy.NotApplied},
		{policy.NotApplied, unknown, policy.InDoubt},
		{policy.NotApplied, yes, policy.Applied},
		{policy.InDoubt, no, policy.InDoubt},
		{policy.InDoubt, unknown, policy.InDoubt},
		{policy.InDoubt, yes, policy.Applied},
		{policy.Applied, no, policy.Applied},
		{policy.Applied, unknown, policy.Applied},
		{policy.Applied, yes, policy.Applied},
	}
	if len(tests) != len(allOutcomes)*len(allShown) {
		t.Errorf("%d transitions are tested; want all %d", len(tests), len(allOutcomes)*len(allShown))
	}
	for _, tt := range tests {
		if got := tt.before.After(tt.shown); got != tt.want {
			t.Errorf("%v, then applied %v: %v; want %v", tt.before, tt.shown, got, tt.want)
		}
	}
}

// The order of attempts and their number do not matter: an outcome is what the worst of them
// shows. A call without attempts, and one that ends without a further one, keep their outcome.
func TestOutcomeAfterIsTheStrongest(t *testing.T) {
	for _, o := range allOutcomes {
		if got := policy.NotApplied.After(o.Applied()); got != o {
			t.Errorf("after one attempt that shows %v: %v; want %v", o.Applied(), got, o)
		}
		if got := o.After(apierrors.AppliedNo); got != o {
			t.Errorf("%v after an attempt that was not sent: %v; want the same", o, got)
		}
		for _, a := range allShown {
			for _, b := range allShown {
				if ab, ba := o.After(a).After(b), o.After(b).After(a); ab != ba || ab.After(b) != ab {
					t.Errorf("%v, then %v and %v: %v or %v, and %v after the latter again; want all the same", o, a, b, ab, ba, ab.After(b))
				}
			}
		}
	}
}

// What is not in a set proves nothing.
func TestOutcomeOutsideOfItsSet(t *testing.T) {
	const none, foreign = policy.Outcome(9), apierrors.Applied(9)
	switch {
	case policy.NotApplied.After(foreign) != policy.InDoubt:
		t.Errorf("after %v: %v", foreign, policy.NotApplied.After(foreign))
	case none.After(apierrors.AppliedNo) != policy.InDoubt:
		t.Errorf("%v after no: %v", none, none.After(apierrors.AppliedNo))
	case none.Applied() != apierrors.AppliedUnknown:
		t.Errorf("%v: applied %v", none, none.Applied())
	}
}
