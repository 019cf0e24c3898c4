package traffic

import (
	"maps"
	"math"
	"time"
)

// A boardLimit is a limit that processes share.
type boardLimit struct {
	Closed micros            `json:"closed,omitempty"` // nobody sends a request until then
	Next   micros            `json:"next,omitempty"`   // of a rate: when as many units are free as were granted, without the burst
	Edge   micros            `json:"edge,omitempty"`   // of a window whose end is known
	Used   int               `json:"used,omitempty"`   // in it
	Counts []boardCount      `json:"counts,omitempty"` // of a window whose end is unknown, the earliest first
	Slots  map[string]*lease `json:"slots,omitempty"`
	Until  micros            `json:"until,omitempty"` // then it is as good as new
}

// A boardCount is units that were granted at about the same time.
type boardCount struct {
	First micros `json:"first"`
	Last  micros `json:"last"`
	N     int    `json:"n"`
}

// A lease is the slots of a process, or that it has none and waits for one.
type lease struct {
	N       int    `json:"n"`
	IsShort bool   `json:"short,omitempty"` // it wants more
	Ends    micros `json:"ends"`
}

// take grants units and slots of the limit.
func (l *boardLimit) take(now micros, process string, t Take) Grant {
	if t.Close > 0 {
		l.Closed = max(l.Closed, now+asMicros(t.Close))
	}
	l.giveBack(now, t)
	g := Grant{Closed: asDuration(l.Closed - now)}
	g.Hold = l.hold(now, process, t)
	want := t.Want
	if g.Closed > 0 {
		want = 0
	}
	free, wait := l.inWindow(now, t, want)
	if free < want {
		g.Wait = wait
	}
	l.inRate(now, t, free, &g)
	l.use(now, t, g.Now+g.Later)
	l.Until = max(l.Until, l.Closed, l.Next, now+asMicros(max(t.Window, LiveTime)))
	return g
}

// giveBack takes units back that were granted and not used.
func (l *boardLimit) giveBack(now micros, t Take) {
	if t.Back <= 0 {
		return
	}
	if t.PerSecond > 0 {
		l.Next = max(l.Next-int64(t.Back)*apart(t.PerSecond), now)
	}
	l.Used = max(l.Used-t.Back, 0)
	for i := len(l.Counts) - 1; i >= 0 && t.Back > 0; i-- {
		n := min(l.Counts[i].N, t.Back)
		l.Counts[i].N -= n
		t.Back -= n
	}
}

// apart is the time between two units of a rate.
func apart(perSecond float64) micros { return max(micros(math.Ceil(1e6/perSecond)), 1) }

// inRate grants units of a rate: those whose time comes soon. Which were never used begin
// empty, as the store may have forgotten them.
func (l *boardLimit) inRate(now micros, t Take, want int, g *Grant) {
	if t.PerSecond <= 0 {
		g.Now = want
		return
	}
	gap := apart(t.PerSecond)
	burst := gap * int64(max(t.Burst, 1)-1)
	if l.Next == 0 {
		l.Next = now + burst + min(gap, 1e6)
	}
	for range want {
		at := max(l.Next-burst, now)
		if at-now > asMicros(Ahead) {
			g.Wait = max(g.Wait, asDuration(at-now-asMicros(Ahead)))
			break
		}
		if at == now {
			g.Now++
		} else {
			if g.Later++; g.Later == 1 {
				g.First, g.Apart = asDuration(at-now), asDuration(gap)
			}
		}
		l.Next = max(l.Next, now) + gap
	}
}

// inWindow returns how many of the units a window has left and, if these are fewer, when there
// are more.
func (l *boardLimit) inWindow(now micros, t Take, want int) (free int, wait time.Duration) {
	if t.Size <= 0 || t.Window <= 0 {
		return want, 0
	}
	long := asMicros(t.Window)
	if l.turn(now, t, long); l.Edge > 0 {
		return min(want, max(t.Size-l.Used, 0)), asDuration(l.Edge - now)
	}
	for len(l.Counts) > 0 && l.Counts[0].Last+long <= now {
		l.Counts = l.Counts[1:]
	}
	if free = min(want, max(t.Size-l.granted(), 0)); free < want && len(l.Counts) > 0 {
		wait = asDuration(l.Counts[0].Last + long - now)
	}
	return free, wait
}

// turn moves the window on. Processes see its end at slightly different times, which are one:
// the latest.
func (l *boardLimit) turn(now micros, t Take, long micros) {
	edge := now + asMicros(t.Edge)
	switch isKnown := t.Edge > 0; {
	case isKnown && l.Edge == 0:
		l.Edge, l.Used, l.Counts = edge, l.granted(), nil
	case isKnown && edge-l.Edge < -long/2:
		l.Edge = edge
	case isKnown && edge-l.Edge < long/2:
		l.Edge = max(l.Edge, edge)
	case isKnown && l.Edge <= now:
		l.Edge, l.Used = edge, 0
	case l.Edge > 0 && l.Edge <= now:
		l.Edge, l.Used = l.Edge+((now-l.Edge)/long+1)*long, 0
	}
}

// granted is how many units the counts have.
func (l *boardLimit) granted() (n int) {
	for _, c := range l.Counts {
		n += c.N
	}
	return n
}

// use counts units in the window.
func (l *boardLimit) use(now micros, t Take, n int) {
	if t.Size <= 0 || n == 0 {
		return
	}
	if l.Edge > 0 {
		l.Used += n
		return
	}
	at := now + asMicros(Ahead+Valid) // they are used by then
	if i := len(l.Counts) - 1; i >= 0 && at-l.Counts[i].First < asMicros(t.Window)/parts {
		l.Counts[i].Last, l.Counts[i].N = at, l.Counts[i].N+n
		return
	}
	l.Counts = append(l.Counts, boardCount{at, at, n})
}

// hold gives the process as many slots as it wants to hold, as far as there are. While others
// want more than they have, it keeps its share and those that are in use.
func (l *boardLimit) hold(now micros, process string, t Take) int {
	if t.Slots <= 0 {
		return 0
	}
	maps.DeleteFunc(l.Slots, func(_ string, s *lease) bool { return s.Ends <= now })
	others, sharing, isShort := 0, 1, false
	for name, s := range l.Slots {
		if name != process {
			others, sharing, isShort = others+s.N, sharing+1, isShort || s.IsShort
		}
	}
	n := min(t.Hold, max(t.Slots-others, 0))
	if share := (t.Slots + sharing - 1) / sharing; isShort {
		n = min(n, max(share, t.Busy))
	}
	if t.Hold == 0 {
		delete(l.Slots, process)
	} else {
		set(&l.Slots, process, &lease{n, n < t.Hold, now + asMicros(SlotTime)})
	}
	return n
}

// isNew reports whether the limit can be forgotten.
func (l *boardLimit) isNew(now micros) bool { return l.Until <= now }
