package traffic

import "time"

// A gate is closed after a vendor said that a limit is reached. It reopens with one request;
// as long as responses are good, twice as many follow each time.
type gate struct {
	until    time.Time // it is closed until then
	closedAt time.Time
	closings int // in a row, without a success between

	room    int       // how many requests may be under way while it reopens; 0: any number
	under   int       // are under way since it reopened
	started time.Time // the latest of them
}

// Bounds of a gate.
const (
	maxDoubled = 4               // times that a back-off is doubled
	wideOpen   = 64              // requests under way from which it is open
	slowProbe  = 5 * time.Second // then another request may follow one that has no response
)

// readyAt returns when the gate lets the next request pass, if no response comes before.
func (g *gate) readyAt(now time.Time) time.Time {
	switch {
	case now.Before(g.until):
		return g.until
	case g.room > 0 && g.under >= g.room:
		return g.started.Add(slowProbe)
	default:
		return now
	}
}

func (g *gate) depart(now time.Time) {
	if g.room > 0 {
		g.under, g.started = g.under+1, now
	}
}

// close closes the gate because of a request that left at a moment. One that left before the
// gate closed says nothing new, unless the vendor asks for a longer wait. A back-off doubles with
// each closing, for all together.
func (g *gate) close(now, left time.Time, wait time.Duration, isVendors bool) {
	if !left.After(g.closedAt) {
		if until := now.Add(wait); isVendors && until.After(g.until) {
			g.until = until
		}
		return
	}
	if !isVendors {
		wait <<= min(g.closings, maxDoubled)
	}
	g.until, g.closedAt, g.closings = now.Add(wait), now, g.closings+1
	g.room, g.under = 1, 0
}

// rest closes the gate until the next window begins. Nobody was refused.
func (g *gate) rest(now, edge time.Time) {
	g.until, g.closedAt = edge, now
	g.room, g.under = 1, 0
}

// end notes that a request that left at a moment is no longer under way.
func (g *gate) end(left time.Time, isGood bool) {
	if g.room == 0 || left.Before(g.until) {
		return // it left before the gate closed
	}
	g.under = max(g.under-1, 0)
	if !isGood {
		return
	}
	g.closings = 0
	if g.room *= 2; g.room >= wideOpen {
		g.room = 0
	}
}

// open lets any number of requests pass, as something else holds them back.
func (g *gate) open() { g.room = 0 }
