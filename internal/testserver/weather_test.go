package testserver

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// first returns what the first n requests meet.
func first(n int, w Weather) []Fault {
	var met []Fault
	for i := range n {
		met = append(met, w.Fault(i))
	}
	return met
}

func TestFaultNames(t *testing.T) {
	seen := map[string]bool{}
	shares := 0
	for f := range numFaults {
		if name := f.String(); name == "" || seen[name] {
			t.Errorf("fault %d has no name of its own: %q", f, name)
		}
		seen[f.String()] = true
		shares += faults[f].share
	}
	if shares != 100 {
		t.Errorf("the shares make %d; want 100", shares)
	}
	if name := numFaults.String(); name != "fault(12)" {
		t.Errorf("outside the set: %q", name)
	}
}

func TestWeather(t *testing.T) {
	for name, tt := range map[string]struct {
		weather Weather
		want    []Fault
	}{
		"zero value":         {Weather{}, []Fault{NoFault, NoFault, NoFault}},
		"clear":              {Clear(), []Fault{NoFault, NoFault, NoFault}},
		"scripted":           {Scripted(CutBody, NoFault, ServerError), []Fault{CutBody, NoFault, ServerError}},
		"script that ends":   {Scripted(ResetAfter), []Fault{ResetAfter, NoFault, NoFault}},
		"seeded, rate of 0":  {Seeded(1, 0), []Fault{NoFault, NoFault, NoFault}},
		"seeded, seed of 7":  {Seeded(7, 1), first(3, Seeded(7, 1))},
		"before the first":   {Weather{at: func(int) Fault { return Scripted(CutBody).Fault(-1) }}, []Fault{NoFault, NoFault, NoFault}},
		"share below 0 is 0": {Seeded(1, -1), []Fault{NoFault, NoFault, NoFault}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, first(3, tt.weather)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSeededFollowsFromTheSeed(t *testing.T) {
	one, again, other := first(1000, Seeded(7, 0.3)), first(1000, Seeded(7, 0.3)), first(1000, Seeded(8, 0.3))
	if diff := cmp.Diff(one, again); diff != "" {
		t.Errorf("the same seed differs:\n%s", diff)
	}
	if cmp.Equal(one, other) {
		t.Error("another seed gives the same weather")
	}
}

func TestSeededKeepsItsShares(t *testing.T) {
	const requests, rate = 100_000, 0.3
	counts := [numFaults]int{}
	for _, f := range first(requests, Seeded(1, rate)) {
		counts[f]++
	}
	for f := NoFault + 1; f < numFaults; f++ {
		want := rate * float64(faults[f].share) / 100
		if share := float64(counts[f]) / requests; math.Abs(share-want) > want/4 {
			t.Errorf("%v: share %.4f; want about %.4f", f, share, want)
		}
	}
	if share := float64(counts[NoFault]) / requests; math.Abs(share-(1-rate)) > 0.01 {
		t.Errorf("clear: share %.4f; want about %.2f", share, 1-rate)
	}
}
