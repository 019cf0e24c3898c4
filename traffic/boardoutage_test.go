package traffic

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// failures are those of a process with some calls, of which the first failed a time ago.
func failures(n int, ago time.Duration, calls ...string) Sight {
	return Sight{Failures: n, First: ago, Calls: calls, Cause: "503"}
}

func TestBoardOutage(t *testing.T) {
	served := func(n int, left time.Duration) Sight { return Sight{Served: n, Left: left} }
	probe := Sight{Probe: true}
	view := func(s OutageState, since time.Duration, n int, next time.Duration) View {
		return View{State: s, Since: since, Failures: n, Cause: "503", NextProbe: next}
	}
	granted := func(v View) View {
		v.Granted = true
		return v
	}
	held := []sightStep{ // from 0 on, by three processes, none of which has enough
		{0, "a", failures(12, 0, "1"), View{}},
		{100 * ms, "b", failures(12, 0, "1"), view(Suspect, 100*ms, 24, 500*ms)},
		{300 * ms, "c", failures(12, 0, "1"), view(Held, 300*ms, 36, 500*ms)},
	}
	healed := append(held[:3:3],
		sightStep{800 * ms, "a", probe, granted(view(Held, 800*ms, 36, 500*ms))},
		sightStep{1000 * ms, "a", served(1, 100*ms), view(Ramping, 1000*ms, 36, 300*ms)},
	)
	for name, steps := range map[string][]sightStep{
		"nothing": {{0, "a", Sight{}, View{}}, {0, "a", probe, View{}}},
		"a few failures": {
			{0, "a", failures(2, 0, "1"), View{}},
			{ms, "b", failures(1, 0, "1"), View{}},
			{2 * ms, "a", failures(1, 0, "2"), view(Suspect, 2*ms, 4, 500*ms)},
			{3 * ms, "b", served(1, 2*ms), View{}},
		},
		"one poisoned record": {
			{0, "a", failures(40, 0, "1"), View{}},
			{10 * time.Second, "a", failures(40, 0, "1"), View{}},
		},
		"one call without a response is enough": {
			{0, "a", Sight{Failures: 32, Calls: []string{"1"}, Unreachable: true}, View{State: Suspect, Failures: 32, NextProbe: 500 * ms}},
			{250 * ms, "a", Sight{Failures: 1, Calls: []string{"1"}, Unreachable: true}, View{State: Held, Since: 250 * ms, Failures: 33, NextProbe: 500 * ms}},
		},
		"a few failures, for long": {
			{0, "a", failures(6, 0, "1", "2", "3"), view(Suspect, 0, 6, 500*ms)},
			{4999 * ms, "b", failures(5, 0, "1"), view(Suspect, 4999*ms, 11, 0)},
			{5000 * ms, "b", failures(1, 0, "1"), view(Held, 5*time.Second, 12, 500*ms)},
		},
		"many, told at once": {
			{0, "a", failures(32, 300*ms, "1", "2", "3"), view(Held, 300*ms, 32, 500*ms)},
		},
		"of two calls": {
			{0, "a", failures(99, time.Minute, "1", "2"), view(Suspect, time.Minute, 99, 6*time.Second)},
		},
		"the earliest failure is told last": {
			{0, "a", failures(20, 0, "1", "2"), view(Suspect, 0, 20, 500*ms)},
			{100 * ms, "b", failures(20, 300*ms, "1", "2"), view(Held, 300*ms, 40, 500*ms)},
		},
		"all processes together": held,
		"one probe for each interval, over processes": append(held[:3:3],
			sightStep{799 * ms, "a", probe, view(Held, 799*ms, 36, ms)},
			sightStep{800 * ms, "b", probe, granted(view(Held, 800*ms, 36, 500*ms))},
			sightStep{801 * ms, "a", probe, view(Held, 801*ms, 36, 499*ms)},
			sightStep{20 * time.Second, "c", Sight{}, view(Held, 20*time.Second, 36, 0)},
			sightStep{20 * time.Second, "a", probe, granted(view(Held, 20*time.Second, 36, 2*time.Second))},
			sightStep{21 * time.Second, "c", probe, view(Held, 21*time.Second, 36, time.Second)},
			sightStep{22 * time.Second, "c", probe, granted(view(Held, 22*time.Second, 36, 2200*ms))},
			sightStep{200 * time.Second, "c", probe, granted(view(Held, 200*time.Second, 36, 10*time.Second))},
		),
		"a probe of a retry while it is suspect": {
			{0, "a", failures(4, 0, "1", "2"), view(Suspect, 0, 4, 500*ms)},
			{500 * ms, "a", probe, granted(view(Suspect, 500*ms, 4, 500*ms))},
			{501 * ms, "b", probe, view(Suspect, 501*ms, 4, 499*ms)},
		},
		"a probe that fails": append(held[:3:3],
			sightStep{800 * ms, "a", probe, granted(view(Held, 800*ms, 36, 500*ms))},
			sightStep{900 * ms, "a", failures(1, 0, "9"), view(Held, 900*ms, 37, 400*ms)},
		),
		"a success that left before the outage": append(held[:3:3],
			sightStep{400 * ms, "a", served(1, 500*ms), view(Held, 400*ms, 36, 400*ms)},
		),
		"a success of a request that left in it": healed,
		"after twenty seconds, all is as before": append(healed[:5:5],
			sightStep{20999 * ms, "b", Sight{}, view(Ramping, 20999*ms, 36, 0)},
			sightStep{21 * time.Second, "b", Sight{}, View{}},
		),
		"it fails again": append(healed[:5:5],
			sightStep{2000 * ms, "a", failures(11, 0, "9"), view(Ramping, 2000*ms, 47, 0)},
			sightStep{2100 * ms, "b", served(1, 50*ms), view(Ramping, 2100*ms, 47, 0)},
			sightStep{2200 * ms, "a", failures(11, 0, "9"), view(Ramping, 2200*ms, 58, 0)},
			sightStep{2700 * ms, "b", failures(1, 0, "9"), view(Held, 2700*ms, 59, 500*ms)},
		),
		"failures from before it worked again are late": append(healed[:5:5],
			sightStep{1100 * ms, "b", failures(50, 800*ms, "1"), view(Ramping, 1100*ms, 36, 200*ms)},
		),
		"failures from before the latest success are late": {
			{time.Second, "a", served(1000, 100*ms), View{}},
			{2 * time.Second, "b", failures(50, 1200*ms, "1", "2", "3"), View{}},
			{2 * time.Second, "b", failures(50, 1100*ms, "1", "2", "3"), view(Held, 1100*ms, 50, 500*ms)},
		},
		"the vendor works elsewhere": {
			{0, "a", Sight{Failures: 40, Calls: []string{"1", "2"}, Cause: "503", Elsewhere: true}, view(Suspect, 0, 40, 500*ms)},
			{9 * time.Second, "b", failures(40, time.Second, "1"), view(Suspect, 9*time.Second, 80, 0)},
			{10 * time.Second, "b", failures(1, 0, "1"), view(Held, 10*time.Second, 81, time.Second)},
		},
		"probes are not more than half of what is usual": {
			{0, "a", served(30, 0), View{}},
			{15 * time.Second, "a", failures(40, 300*ms, "1", "2", "3"), view(Held, 300*ms, 40, 4*time.Second)},
		},
		"and come at least every half minute": {
			{0, "a", served(1, 0), View{}},
			{15 * time.Second, "a", failures(40, 300*ms, "1", "2", "3"), view(Held, 300*ms, 40, 30*time.Second)},
		},
		"it is forgotten after an hour": append(held[:3:3],
			sightStep{time.Hour + 299*ms, "a", Sight{}, view(Held, time.Hour+299*ms, 36, 0)},
			sightStep{2*time.Hour + 299*ms, "a", Sight{}, View{}},
		),
	} {
		t.Run(name, func(t *testing.T) { runSights(t, steps) })
	}
}

// What failed at the endpoints was the vendor.
func TestBoardOutageOfEndpointsEndsWithTheVendors(t *testing.T) {
	down := failures(40, 300*ms, "1", "2", "3")
	one := down
	one.Endpoint = "one"
	var b board
	b.exchange(boardStart, Exchange{Process: "a", Outages: []Sight{down, one}})
	healthyAt := boardStart + asMicros(time.Second)
	got := b.exchange(healthyAt, Exchange{Process: "b", Outages: []Sight{{Served: 1, Left: 100 * ms}, {Endpoint: "one"}, {Endpoint: "two"}}})
	want := []View{{State: Ramping, Since: 1300 * ms, Failures: 40, Cause: "503"}, {}, {}}
	if diff := cmp.Diff(want, got.Outages); diff != "" {
		t.Errorf("outages (-want +got)\n%s", diff)
	}

	b = board{}
	b.exchange(boardStart, Exchange{Process: "a", Outages: []Sight{{}, one}})
	got = b.exchange(healthyAt, Exchange{Process: "b", Outages: []Sight{{Served: 1, Left: 100 * ms}, {Endpoint: "one"}}})
	if got.Outages[1].State != Held {
		t.Errorf("the outage of an endpoint alone: %+v; want it held", got.Outages[1])
	}
}

func TestBoardBudget(t *testing.T) {
	var b board
	for _, step := range []struct {
		purse Purse
		want  int
	}{
		{Purse{}, 0},
		{Purse{Full: 10, Most: 100}, 10},
		{Purse{Full: 10, Most: 100, Spent: 4}, 6},
		{Purse{Spent: 4}, 0},
		{Purse{Full: 10, Most: 100, Spent: 50}, 0},
		{Purse{Full: 10, Most: 100, Spent: -3}, 3},
		{Purse{Full: 10, Most: 100, Spent: -1000}, 100},
		{Purse{Full: 10, Most: 0, Spent: 0}, 10},
		{Purse{Full: 20, Most: 30, Spent: 0}, 20},
	} {
		if got := b.exchange(boardStart, Exchange{Process: "a", Budget: step.purse}).Retries; got != step.want {
			t.Errorf("%+v: %d left; want %d", step.purse, got, step.want)
		}
	}
	if b.exchange(boardStart, Exchange{Process: "a", Budget: Purse{Full: 20, Most: 30, Spent: 20}}).Retries != 0 {
		t.Error("the budget is not spent")
	}
	if got := b.exchange(boardStart+asMicros(LiveTime), Exchange{Process: "b", Budget: Purse{Full: 20, Most: 30}}).Retries; got != 20 {
		t.Errorf("%d left of a budget that is forgotten; want 20", got)
	}
}

func TestBoardRenewals(t *testing.T) {
	ask := func(rejected string) Permit { return Permit{Rejected: rejected, For: 30 * time.Second} }
	give := func(holdOff time.Duration) Permit { return Permit{Rejected: "x", Returns: true, For: holdOff} }
	type step struct {
		at      time.Duration
		process string
		permit  Permit
		want    time.Duration
	}
	for name, steps := range map[string][]step{
		"one at a time": {
			{0, "a", ask("x"), 0},
			{time.Second, "b", ask("x"), 29 * time.Second},
			{time.Second, "a", ask("x"), 29 * time.Second}, // for another call
			{time.Second, "b", ask("y"), 0},
			{2 * time.Second, "a", give(0), 0},
			{2 * time.Second, "b", ask("x"), 0},
		},
		"nobody for a time": {
			{0, "a", ask("x"), 0},
			{time.Second, "a", give(5 * time.Second), 0},
			{2 * time.Second, "b", ask("x"), 4 * time.Second},
			{3 * time.Second, "b", give(0), 0}, // it is not b's
			{4 * time.Second, "a", ask("x"), 2 * time.Second},
			{6 * time.Second, "b", ask("x"), 0},
		},
		"nobody for longer, and then for less": {
			{0, "a", ask("x"), 0},
			{time.Second, "a", give(5 * time.Second), 0},
			{5 * time.Second, "a", give(time.Minute), 0},
			{7 * time.Second, "b", ask("x"), 58 * time.Second},
			{8 * time.Second, "a", give(0), 0},
			{9 * time.Second, "b", ask("x"), 0},
		},
		"it ends by itself": {
			{0, "a", ask("x"), 0},
			{30 * time.Second, "b", ask("x"), 0},
			{31 * time.Second, "a", give(0), 0}, // too late: b has it
			{32 * time.Second, "c", ask("x"), 28 * time.Second},
		},
		"one that has ended still keeps others from it": {
			{0, "a", ask("x"), 0},
			{40 * time.Second, "a", give(5 * time.Second), 0},
			{41 * time.Second, "c", ask("x"), 4 * time.Second},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b board
			for _, s := range steps {
				got := b.exchange(boardStart+asMicros(s.at), Exchange{Process: s.process, Renewals: []Permit{s.permit}})
				if got.Renewals[0] != s.want {
					t.Errorf("at %v, %s: wait %v; want %v", s.at, s.process, got.Renewals[0], s.want)
				}
			}
		})
	}
}

func TestBoardProcesses(t *testing.T) {
	var b board
	for _, step := range []struct {
		at      time.Duration
		process string
		want    int
	}{
		{0, "a", 1},
		{time.Second, "b", 2},
		{2 * time.Second, "a", 2},
		{LiveTime, "c", 3},
		{LiveTime + time.Second, "c", 2},
		{LiveTime + 2*time.Second, "c", 1},
	} {
		if got := b.exchange(boardStart+asMicros(step.at), Exchange{Process: step.process}).Processes; got != step.want {
			t.Errorf("at %v: %d processes; want %d", step.at, got, step.want)
		}
	}
}

// A board stays bounded, and what it drops first is what was used longest ago. A closed gate stays.
func TestBoardIsBounded(t *testing.T) {
	var b board
	b.exchange(boardStart, Exchange{Process: "a", Limits: []Take{{Limit: "gate", Close: time.Hour}}})
	now := boardStart
	for i := range 2 * maxBoardLimits {
		now++
		name := fmt.Sprint(i)
		b.exchange(now, Exchange{Process: "a", Limits: []Take{{Limit: name, Size: 1, Window: time.Second, Want: 1}}, Outages: []Sight{{Endpoint: name}}})
	}
	if len(b.Limits) > maxBoardLimits+1 || len(b.Outages) > maxBoardOutages+1 {
		t.Errorf("%d limits, %d outages; want %d and %d at most, with one more each that was asked for", len(b.Limits), len(b.Outages), maxBoardLimits, maxBoardOutages)
	}
	got := b.exchange(now, Exchange{Process: "a", Limits: []Take{{Limit: "gate"}, {Limit: fmt.Sprint(2*maxBoardLimits - 1), Size: 1, Window: time.Second, Want: 1}}})
	if got.Limits[0].Closed == 0 || got.Limits[1].Now > 0 {
		t.Errorf("%+v; want a closed gate, and a window that is used up", got.Limits)
	}
	if !b.forget(now+asMicros(time.Hour+keepTime)) || len(b.Limits)+len(b.Outages) > 0 {
		t.Errorf("after an hour, %d limits and %d outages are left", len(b.Limits), len(b.Outages))
	}
}
