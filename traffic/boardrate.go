package traffic

import (
	"math"
	"time"
)

// A boardRate is a rate that processes share.
type boardRate struct {
	Next  micros `json:"next,omitempty"`  // when as many units are free as were granted, without the burst; 0: it is new
	Least micros `json:"least,omitempty"` // the least time to Next since From, and not more than the burst takes
	From  micros `json:"from,omitempty"`
}

// backTime is how long units can be given back. It is shorter when From has just moved.
const backTime = 2 * time.Second

// apart is the time between two units of a rate.
func apart(perSecond float64) micros { return max(micros(math.Ceil(1e6/perSecond)), 1) }

// burstTime is the time in which the units become free that may be used at once, beside one.
func burstTime(t Take) micros { return apart(t.PerSecond) * micros(max(t.Burst, 1)-1) }

// turn notes how much was free. A rate that is new begins empty, as the store may have forgotten it.
func (r *boardRate) turn(now micros, t Take) {
	if t.PerSecond <= 0 {
		return
	}
	if r.Next == 0 {
		r.Next = now + burstTime(t) + min(apart(t.PerSecond), 1e6)
	}
	behind := min(max(r.Next-now, 0), burstTime(t))
	if r.Least = min(r.Least, behind); behind == 0 || r.From+asMicros(backTime) <= now {
		r.Least, r.From = behind, now
	}
}

// giveBack takes units back that were not used, unless that would give more than a burst: had they
// not been granted, it might have been whole meanwhile.
func (r *boardRate) giveBack(now micros, t Take) {
	if t.PerSecond <= 0 || t.Back <= 0 || now-asMicros(t.BackFrom) < r.From {
		return
	}
	back := min(micros(t.Back)*apart(t.PerSecond), r.Least)
	r.Next, r.Least = r.Next-back, r.Least-back
}

// empty has no unit be free before a moment. What was granted before does not come back.
func (r *boardRate) empty(now, until micros, t Take) {
	if next := until + burstTime(t); next > r.Next {
		r.Next, r.From, r.Least = next, now, min(max(next-now, 0), burstTime(t))
	}
}

// take grants units whose time comes soon.
func (r *boardRate) take(now micros, t Take, want int, g *Grant) {
	if t.PerSecond <= 0 {
		g.Now = want
		return
	}
	gap, burst := apart(t.PerSecond), burstTime(t)
	next := max(r.Next, now)
	until := func(end micros) int { // how many units may be used until then
		if want <= 0 || next-burst > end {
			return 0
		}
		return int(min((end-next+burst)/gap+1, micros(want)))
	}
	g.Now = until(now)
	want, next = want-g.Now, next+micros(g.Now)*gap
	if g.Later = until(now + asMicros(Ahead)); g.Later > 0 {
		g.First, g.Apart = asDuration(next-burst-now), asDuration(gap)
		want, next = want-g.Later, next+micros(g.Later)*gap
	}
	if want > 0 {
		g.Wait = asDuration(next - burst - now - asMicros(Ahead))
	}
	if r.Next = next; r.From == now { // what was granted before does not come back
		r.Least = min(max(next-now, 0), burst)
	}
}
