package retrywisetest_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/retrywisetest"
)

// first returns the faults of the first n requests.
func first(n int, p retrywisetest.Plan) []retrywisetest.Fault {
	var faults []retrywisetest.Fault
	for i := range n {
		faults = append(faults, p.Fault(i))
	}
	return faults
}

func TestFaultString(t *testing.T) {
	for fault, want := range map[retrywisetest.Fault]string{
		retrywisetest.NoFault:    "none",
		retrywisetest.ResetAfter: "reset_after",
		"queue_full":             "queue_full",
	} {
		if diff := cmp.Diff(want, fault.String()); diff != "" {
			t.Errorf("name (-want +got):\n%s", diff)
		}
	}
}

func TestPlan(t *testing.T) {
	const none, cut, lost, broken = retrywisetest.NoFault, retrywisetest.CutBody, retrywisetest.ResetAfter, retrywisetest.ServerError
	for name, tt := range map[string]struct {
		plan retrywisetest.Plan
		want []retrywisetest.Fault
	}{
		"zero value":           {retrywisetest.Plan{}, []retrywisetest.Fault{none, none, none}},
		"empty sequence":       {retrywisetest.Sequence(), []retrywisetest.Fault{none, none, none}},
		"sequence":             {retrywisetest.Sequence(cut, none, broken), []retrywisetest.Fault{cut, none, broken}},
		"sequence that ends":   {retrywisetest.Sequence(lost), []retrywisetest.Fault{lost, none, none}},
		"seeded, rate of 0":    {retrywisetest.Seeded(1, 0), []retrywisetest.Fault{none, none, none}},
		"seeded, rate below 0": {retrywisetest.Seeded(1, -1), []retrywisetest.Fault{none, none, none}},
		"seeded, seed of 7":    {retrywisetest.Seeded(7, 1), first(3, retrywisetest.Seeded(7, 1))},
		"seeded, one fault":    {retrywisetest.Seeded(1, 1, lost), []retrywisetest.Fault{lost, lost, lost}},
		"seeded, own fault":    {retrywisetest.Seeded(1, 1, "queue_full"), []retrywisetest.Fault{"queue_full", "queue_full", "queue_full"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, first(3, tt.plan)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSequenceHasNoFaultBeforeTheFirstRequest(t *testing.T) {
	if f := retrywisetest.Sequence(retrywisetest.CutBody).Fault(-1); f != retrywisetest.NoFault {
		t.Errorf("fault %v; want none", f)
	}
}

func TestPlanCopiesItsFaults(t *testing.T) {
	faults := []retrywisetest.Fault{retrywisetest.CutBody}
	sequence, seeded := retrywisetest.Sequence(faults...), retrywisetest.Seeded(1, 1, faults...)
	faults[0] = retrywisetest.Slow
	if a, b := sequence.Fault(0), seeded.Fault(0); a != retrywisetest.CutBody || b != retrywisetest.CutBody {
		t.Errorf("faults %v and %v; want cut_body", a, b)
	}
}

func TestSeededFollowsFromTheSeed(t *testing.T) {
	one, again, other := first(1000, retrywisetest.Seeded(7, 0.3)), first(1000, retrywisetest.Seeded(7, 0.3)), first(1000, retrywisetest.Seeded(8, 0.3))
	if diff := cmp.Diff(one, again); diff != "" {
		t.Errorf("the same seed differs:\n%s", diff)
	}
	if cmp.Equal(one, other) {
		t.Error("another seed gives the same plan")
	}
}

func TestSeededKeepsItsShares(t *testing.T) {
	const requests, rate = 100_000, 0.3
	for name, tt := range map[string]struct {
		faults []retrywisetest.Fault
		want   map[retrywisetest.Fault]float64 // shares of all faults
	}{
		"usual mix": {nil, map[retrywisetest.Fault]float64{
			retrywisetest.Unavailable: 4. / 21, retrywisetest.RateLimited: 2. / 21, retrywisetest.BadGateway: 2. / 21,
			retrywisetest.GatewayTimeout: 2. / 21, retrywisetest.ResetBefore: 2. / 21, retrywisetest.ServerError: 2. / 21,
			retrywisetest.ResetAfter: 3. / 21, retrywisetest.CutBody: 3. / 21, retrywisetest.GatewayTimeoutAfter: 1. / 21,
		}},
		"a mix of the test": {
			[]retrywisetest.Fault{retrywisetest.Slow, retrywisetest.Slow, retrywisetest.Slow, "queue_full"},
			map[retrywisetest.Fault]float64{retrywisetest.Slow: 0.75, "queue_full": 0.25},
		},
	} {
		t.Run(name, func(t *testing.T) {
			counts := map[retrywisetest.Fault]int{}
			for _, f := range first(requests, retrywisetest.Seeded(1, rate, tt.faults...)) {
				counts[f]++
			}
			tt.want[retrywisetest.NoFault] = (1 - rate) / rate
			for f, share := range tt.want {
				if got, want := float64(counts[f])/requests, rate*share; math.Abs(got-want) > want/10 {
					t.Errorf("%v: share %.4f; want about %.4f", f, got, want)
				}
				delete(counts, f)
			}
			if len(counts) > 0 {
				t.Errorf("more faults: %v", counts)
			}
		})
	}
}
