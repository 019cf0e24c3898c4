package traffic

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ms is a time, or a duration.
const ms = time.Millisecond

// boardStart is when tests of a board begin.
const boardStart micros = 1_800_000_000_000_000

// A boardStep is what a process asks at a time, and gets.
type boardStep[A, R any] struct {
	at      time.Duration
	process string
	ask     A
	want    R
}

// A takeStep is about a limit, and a sightStep about an outage.
type (
	takeStep  = boardStep[Take, Grant]
	sightStep = boardStep[Sight, View]
)

// runTakes runs the steps of one limit.
func runTakes(t *testing.T, steps []takeStep) {
	t.Helper()
	runSteps(t, steps, func(x *Exchange, take Take) { x.Limits = []Take{take} }, func(r Result) Grant { return r.Limits[0] })
}

// runSights runs the steps of one account.
func runSights(t *testing.T, steps []sightStep) {
	t.Helper()
	runSteps(t, steps, func(x *Exchange, sight Sight) { x.Outages = []Sight{sight} }, func(r Result) View { return r.Outages[0] })
}

func runSteps[A, R any](t *testing.T, steps []boardStep[A, R], put func(*Exchange, A), get func(Result) R) {
	t.Helper()
	var b board
	for _, s := range steps {
		x := Exchange{Process: s.process}
		put(&x, s.ask)
		got := get(b.exchange(boardStart+asMicros(s.at), x))
		if diff := cmp.Diff(s.want, got); diff != "" {
			t.Errorf("at %v, %s: (-want +got)\n%s", s.at, s.process, diff)
		}
	}
}
