package traffic

import (
	"testing"
	"time"
)

// A gate doubles a wait that the vendor did not ask for, for all calls together, until a success.
// Requests that left before it closed add nothing, unless the vendor asks for a longer wait.
func TestGate(t *testing.T) {
	start := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }
	var g gate
	closes := func(now, left, wait float64, isVendors bool, until float64) {
		t.Helper()
		g.close(at(now), at(left), time.Duration(wait*float64(time.Second)), isVendors)
		if !g.until.Equal(at(until)) {
			t.Errorf("at %v: closed until %v; want %v", now, g.until.Sub(start).Seconds(), until)
		}
	}
	closes(1, 0.5, 1, false, 2)
	closes(1.1, 0.5, 1, false, 2) // under way when it closed
	closes(1.2, 1, 5, true, 6.2)  // the vendor's
	closes(7, 6.5, 1, false, 9)   // the second in a row
	closes(10, 9.5, 1, false, 14) // the third
	g.depart(at(14))
	if ready := g.readyAt(at(14)); ready != at(19) {
		t.Errorf("with a request under way, the gate lets one pass at %v; want 5s later", ready)
	}
	g.end(at(14), true)
	for _, room := range []int{2, 4, 8, 16, 32, 0} {
		if g.room != room {
			t.Errorf("room for %d; want %d", g.room, room)
		}
		g.end(at(15), true)
	}
	closes(20, 19, 1, false, 21) // the first after a success
}
