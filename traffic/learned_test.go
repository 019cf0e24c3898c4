package traffic

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// What is learned of vendors that enforce a limit which is not declared, or declared otherwise.
func TestLearned(t *testing.T) {
	account := func(l policy.Limit) policy.Limit { l.Scope = apierrors.ScopeAccount; return l }
	for name, tt := range map[string]struct {
		job   func() *job
		calls int
		want  []Learned // without how long and how often
	}{
		"nothing": {func() *job { return newJob(1, func(time.Time) time.Duration { return 0 }) }, 100, nil},
		"slots": {func() *job {
			return crowded(1, &slotVendor{count: 8, work: func() time.Duration { return 100 * time.Millisecond }}, time.Millisecond)
		}, 900, []Learned{{Limit: account(policy.Limit{Slots: 8}), Source: Tried}}},
		"a declared rate": {func() *job { return newJob(1, tokens(100, 10), perSecond("a", 100, 10)) }, 1000, nil},
		"half of a declared rate": {func() *job { return newJob(1, tokens(50, 10), perSecond("a", 100, 10)) }, 400, []Learned{
			{Limit: account(policy.Limit{Name: "a", Rate: policy.Rate{Count: 47, Per: time.Second}, Burst: 9}), Source: Tried},
		}},
		"a rate that was just met": {func() *job { return newJob(1, tokens(100, 10)) }, 50, []Learned{
			{Limit: account(policy.Limit{Rate: policy.Rate{Count: 192, Per: time.Second}, Burst: 3}), Source: Looking},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := tt.job()
				j.run(t, tt.calls, 16)
				got := j.memory.Learned(t.Context(), time.Now())
				if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(Learned{}, "For", "Served")); diff != "" {
					t.Errorf("learned (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A rate is written in whole numbers.
func TestRateOf(t *testing.T) {
	for perSecond, want := range map[float64]string{98.7: "98/1s", 9.99: "599/1m0s", 0.5: "30/1m0s", 0.1: "360/1h0m0s", 0.0001: "1/1h0m0s"} {
		if got := rateOf(perSecond).String(); got != want {
			t.Errorf("%v per second: got %s; want %s", perSecond, got, want)
		}
	}
}
