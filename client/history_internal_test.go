package client

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// What happens in a call, and what the policy and the caller learn of it.
func TestHistory(t *testing.T) {
	start := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	type step = func(h *history)
	begin := func(second int) step { return func(h *history) { h.begin(at(second)) } }
	end := func(second, status int, class apierrors.Class, code string) step {
		return func(h *history) { h.end(at(second), status, class, code, "rule") }
	}
	count := func(a apierrors.Action) step {
		d := policy.Decision{Action: a, Free: a == apierrors.Throttle || a == apierrors.Refresh}
		return func(h *history) { h.count(d) }
	}
	countStale := func(h *history) { h.count(policy.Decision{Action: apierrors.Retry, Free: true}) }
	impose := func(wait time.Duration) step { return func(h *history) { h.impose(wait) } }
	backOff := func(wait time.Duration) step { return func(h *history) { h.backOff(wait) } }
	learn := func(a apierrors.Applied) step { return func(h *history) { h.learn(a) } }
	for name, tt := range map[string]struct {
		steps []step
		now   int
		state policy.State
		list  []apierrors.Attempt
	}{
		"no attempt": {nil, 7, policy.State{Attempts: 1}, nil},
		"one attempt": {
			[]step{begin(0), end(2, 503, apierrors.ServerError, "DOWN")}, 3,
			policy.State{Attempts: 1, Elapsed: 3 * time.Second},
			[]apierrors.Attempt{{Start: at(0), Took: 2 * time.Second, Status: 503, Class: apierrors.ServerError, Code: "DOWN", Rule: "rule"}},
		},
		"a retry": {
			[]step{
				begin(0), end(1, 503, apierrors.ServerError, "DOWN"), learn(apierrors.AppliedUnknown), count(apierrors.Retry), backOff(4 * time.Second),
				begin(5), end(6, 400, apierrors.Validation, "BAD"), learn(apierrors.AppliedNo),
			},
			6,
			policy.State{Attempts: 2, Elapsed: 6 * time.Second, Waited: 4 * time.Second, Before: policy.InDoubt, CodesBefore: []string{"DOWN"}},
			[]apierrors.Attempt{
				{Start: at(0), Took: time.Second, Status: 503, Class: apierrors.ServerError, Code: "DOWN", Rule: "rule"},
				{Start: at(5), Took: time.Second, Wait: 4 * time.Second, Status: 400, Class: apierrors.Validation, Code: "BAD", Rule: "rule"},
			},
		},
		"a stale connection costs nothing once": {
			[]step{begin(0), end(0, 0, apierrors.Network, ""), countStale, begin(0)}, 0,
			policy.State{Attempts: 1, StaleBefore: true},
			[]apierrors.Attempt{{Start: at(0), Class: apierrors.Network, Rule: "rule"}, {Start: at(0)}},
		},
		"neither a 429 nor a renewal costs an attempt, and the vendor's wait is not elapsed": {
			[]step{
				begin(0), end(0, 429, apierrors.RateLimited, ""), count(apierrors.Throttle), impose(30 * time.Second),
				begin(30), end(30, 401, apierrors.TokenExpired, ""), count(apierrors.Refresh), begin(31),
			},
			32,
			policy.State{Attempts: 1, Throttled: 1, Elapsed: 2 * time.Second, Waited: 30 * time.Second},
			[]apierrors.Attempt{
				{Start: at(0), Status: 429, Class: apierrors.RateLimited, Rule: "rule"},
				{Start: at(30), Wait: 30 * time.Second, Status: 401, Class: apierrors.TokenExpired, Rule: "rule"},
				{Start: at(31)},
			},
		},
		"a wait before the first attempt": {
			[]step{impose(10 * time.Second), begin(10)}, 12,
			policy.State{Attempts: 1, Elapsed: 2 * time.Second, Waited: 10 * time.Second},
			[]apierrors.Attempt{{Start: at(10), Wait: 10 * time.Second}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var h history
			for _, do := range tt.steps {
				do(&h)
			}
			if diff := cmp.Diff(tt.state, h.state(at(tt.now))); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.list, h.list()); diff != "" {
				t.Errorf("attempts (-want +got):\n%s", diff)
			}
		})
	}
}

// What happens later does not change a list of attempts, nor does a change of the list change
// the history.
func TestHistoryListIsACopy(t *testing.T) {
	var h history
	h.begin(time.Time{})
	h.begin(time.Time{})
	list := h.list()
	h.end(time.Time{}, 503, apierrors.ServerError, "", "")
	h.begin(time.Time{})
	list[0].Status = 1
	if h.past[0].Status == 1 || list[1].Status != 0 || len(list) != 2 {
		t.Errorf("the list is %+v, the history %+v; want each unchanged by the other", list, h.past)
	}
}
