package policy_test

import (
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// In an outage, a retry waits for its end: it is free, and has no backoff. What must not be
// repeated, or has no time left, ends as without one.
func TestDecideInAnOutage(t *testing.T) {
	type result struct {
		inOutage, free bool
		stop           apierrors.Stop
	}
	for name, tt := range map[string]struct {
		state policy.State
		want  result
	}{
		"a read":                     {policy.State{Method: "GET"}, result{true, true, apierrors.StopNone}},
		"a read without attempts":    {policy.State{Method: "GET", Attempts: 9}, result{true, true, apierrors.StopNone}},
		"a read without a budget":    {policy.State{Method: "GET", OutOfBudget: true}, result{true, true, apierrors.StopNone}},
		"a read of one attempt":      {policy.State{Method: "GET", MaxAttempts: 1}, result{false, false, apierrors.StopAttempts}},
		"a read after its deadline":  {policy.State{Method: "GET", Remaining: -1}, result{false, false, apierrors.StopDeadline}},
		"a read that waited enough":  {policy.State{Method: "GET", Waited: 2 * time.Minute}, result{false, false, apierrors.StopMaxWait}},
		"a write":                    {policy.State{Method: "POST"}, result{false, false, apierrors.StopUnsafe}},
		"a write that is repeatable": {policy.State{Method: "POST", Repeatable: true}, result{true, true, apierrors.StopNone}},
		"a body that was read":       {policy.State{Method: "PUT", OneShotBody: true}, result{false, false, apierrors.StopBodySpent}},
	} {
		tt.state.InOutage = true
		d := policy.Default().Decide(policy.Failure{Status: 503}, tt.state)
		if got := (result{d.InOutage, d.Free, d.Stop}); got != tt.want || d.Retry != tt.want.inOutage || d.Delay != 0 {
			t.Errorf("%s: got %+v, retry %v after %v; want %+v", name, got, d.Retry, d.Delay, tt.want)
		}
	}
}

func TestOutageModeOfAnOperator(t *testing.T) {
	var m policy.OutageMode
	if err := m.UnmarshalText([]byte("defer")); err != nil || m != policy.OutageDefer {
		t.Errorf("got %v, error %v; want defer", m, err)
	}
	if err := m.UnmarshalText([]byte("waits")); err == nil {
		t.Error("waits: got no error")
	}
	base := policy.Default().WithRetry(policy.Retry{Outage: policy.OutageDefer})
	if got := base.WithRetry(policy.Retry{Outage: policy.OutageWait}).Retry().Outage; got != policy.OutageWait {
		t.Errorf("an operator's wait over a vendor's defer: got %v", got)
	}
}
