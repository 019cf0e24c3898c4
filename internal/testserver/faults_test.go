package testserver_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

// The output of the examples in the README depends on this sequence.
func TestSeededKeepsItsSequence(t *testing.T) {
	want := map[int]retrywisetest.Fault{
		21: retrywisetest.Unavailable, 68: retrywisetest.Unavailable, 76: retrywisetest.BadGateway, 128: retrywisetest.ResetBefore,
		148: retrywisetest.ResetAfter, 150: retrywisetest.ResetAfter, 162: retrywisetest.ResetAfter, 186: retrywisetest.ServerError,
	}
	plan, faults := testserver.Seeded(2, 0.06), map[int]retrywisetest.Fault{}
	for n := range 200 {
		if f := plan.Fault(n); f != retrywisetest.NoFault {
			faults[n] = f
		}
	}
	if diff := cmp.Diff(want, faults); diff != "" {
		t.Errorf("faults by request (-want +got):\n%s", diff)
	}
}

func TestSeededKeepsItsShares(t *testing.T) {
	const requests, rate = 100_000, 0.3
	counts := map[retrywisetest.Fault]int{}
	plan := testserver.Seeded(1, rate)
	for n := range requests {
		counts[plan.Fault(n)]++
	}
	percents := map[retrywisetest.Fault]float64{
		retrywisetest.Unavailable: 21, retrywisetest.BadGateway: 12, retrywisetest.GatewayTimeout: 10, retrywisetest.ResetBefore: 12,
		retrywisetest.ResetAfter: 12, retrywisetest.CutBody: 10, testserver.LeadLimited: 1, retrywisetest.RateLimited: 12,
		retrywisetest.ServerError: 5, testserver.Disguised: 5,
	}
	for f, percent := range percents {
		want := rate * percent / 100
		if share := float64(counts[f]) / requests; math.Abs(share-want) > want/4 {
			t.Errorf("%v: share %.4f; want about %.4f", f, share, want)
		}
	}
	if len(counts) != len(percents)+1 {
		t.Errorf("faults %v; want no others", counts)
	}
}
