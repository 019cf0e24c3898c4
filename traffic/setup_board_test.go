package traffic

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ms is a time, or a duration.
const ms = time.Millisecond

// boardSeeds is how many seeds a simulation of a board has.
const boardSeeds = 3

// boardStart is when tests of a board begin.
const boardStart micros = 1_800_000_000_000_000

// A takeStep is what a process asks of a limit at a time, and gets.
type takeStep struct {
	at      time.Duration
	process string
	take    Take
	want    Grant
}

// runTakes runs the steps of one limit.
func runTakes(t *testing.T, steps []takeStep) {
	t.Helper()
	var b board
	for _, s := range steps {
		got := b.exchange(boardStart+asMicros(s.at), Exchange{Process: s.process, Limits: []Take{s.take}})
		if diff := cmp.Diff(s.want, got.Limits[0]); diff != "" {
			t.Errorf("at %v, %s: (-want +got)\n%s", s.at, s.process, diff)
		}
	}
}

// A sightStep is what a process saw of an outage, and what it learns of it.
type sightStep struct {
	at      time.Duration
	process string
	sight   Sight
	want    View
}

// runSights runs the steps of one account.
func runSights(t *testing.T, steps []sightStep) {
	t.Helper()
	var b board
	for _, s := range steps {
		got := b.exchange(boardStart+asMicros(s.at), Exchange{Process: s.process, Outages: []Sight{s.sight}})
		if diff := cmp.Diff(s.want, got.Outages[0]); diff != "" {
			t.Errorf("at %v, %s: (-want +got)\n%s", s.at, s.process, diff)
		}
	}
}
