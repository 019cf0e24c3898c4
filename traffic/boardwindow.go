package traffic

import "time"

// A boardWindow is a window that processes share. While its end is unknown, no time of its length
// may have more units, wherever it begins. Processes see its end at slightly different times, and
// so the units that may be used between the earliest of them and the latest count before and after.
type boardWindow struct {
	Early  micros       `json:"early,omitempty"` // when the present one ends at the earliest
	Late   micros       `json:"late,omitempty"`  // and at the latest; 0: unknown
	From   micros       `json:"from,omitempty"`  // when it began at the earliest
	Counts []boardCount `json:"counts,omitempty"`
}

// A boardCount is units that were granted at about the same time.
type boardCount struct {
	First micros `json:"first"` // when those of the first grant were used at the latest
	Last  micros `json:"last"`  // and those of the last one
	N     int    `json:"n"`
}

// turn moves the window on, and drops what is not in it any more.
func (w *boardWindow) turn(now micros, t Take) {
	long := asMicros(t.Window)
	if t.Size <= 0 || long <= 0 {
		return
	}
	edge, isKnown := now+asMicros(min(t.Edge, t.Window+time.Second)), t.Edge > 0
	switch {
	case w.Late == 0 && isKnown:
		w.From, w.Early, w.Late = edge-long, edge, edge
	case w.Late == 0:
		w.From = now - long + 1
	case w.Late <= now:
		over := (now - w.Late) / long * long
		w.From, w.Early, w.Late = w.Early+over, w.Early+over+long, w.Late+over+long
		if isKnown {
			if edge < w.Late-long/2 { // it is that of the window before
				edge += long
			}
			w.Early, w.Late = edge, edge
		}
	case isKnown:
		if edge < w.Late-long/2 {
			edge += long
		} else if edge > w.Late+long/2 {
			edge -= long
		}
		w.Early, w.Late = min(w.Early, edge), max(w.Late, edge)
	}
	for len(w.Counts) > 0 && w.Counts[0].Last < w.From {
		w.Counts = w.Counts[1:]
	}
}

// giveBack takes units back that were not used. Those that count first are given back first, so
// that none counts for a shorter time than it should.
func (w *boardWindow) giveBack(now micros, t Take) {
	if t.Size <= 0 || now-asMicros(t.BackFrom) < w.From {
		return
	}
	for i := range w.Counts {
		n := min(w.Counts[i].N, t.Back)
		w.Counts[i].N -= n
		t.Back -= n
	}
}

// free returns how many units the window has of those that are wanted and, if these are more, when
// it has others.
func (w *boardWindow) free(now micros, t Take) (free int, wait time.Duration) {
	if t.Size <= 0 || t.Window <= 0 {
		return max(t.Want, 0), 0
	}
	used := 0
	for _, c := range w.Counts {
		used += c.N
	}
	free = max(min(t.Want, t.Size-used), 0)
	switch {
	case w.Late > 0:
		wait = asDuration(w.Late - now)
	case used > 0:
		wait = asDuration(w.Counts[0].Last + asMicros(t.Window) - now)
	default:
		wait = t.Window
	}
	return free, wait
}

// use counts units that are granted.
func (w *boardWindow) use(now micros, t Take, g Grant) {
	n := g.Now + g.Later
	if t.Size <= 0 || n == 0 {
		return
	}
	at := now + asMicros(g.First+time.Duration(max(g.Later-1, 0))*g.Apart+Valid) // they are used by then
	if i := len(w.Counts) - 1; i >= 0 {
		last := &w.Counts[i]
		if at = max(at, last.Last); at-last.First < asMicros(t.Window)/parts {
			last.Last, last.N = at, last.N+n
			return
		}
	}
	w.Counts = append(w.Counts, boardCount{at, at, n})
}
