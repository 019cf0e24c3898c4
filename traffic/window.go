package traffic

import (
	"slices"
	"time"

	"github.com/retrywise/retrywise/policy"
)

// Windows are those that responses announce. A request meets all of them, as long as each
// response announces the same.
type windows struct {
	all     []window
	isMixed bool // responses announce different limits, and nobody knows which a request meets
}

// maxWindows bounds how many windows of a response are kept.
const maxWindows = 8

// update takes up what a response says that came at a moment. It reports whether that makes sense.
func (w *windows) update(answered time.Time, quotas []policy.Quota) (isKnown bool) {
	quotas = slices.DeleteFunc(quotas, func(q policy.Quota) bool { return q.Reset <= 0 || q.Left < 0 })
	if w.isMixed || len(quotas) == 0 {
		return false
	}
	if w.all == nil {
		for _, q := range quotas[:min(len(quotas), maxWindows)] {
			w.all = append(w.all, window{name: q.Limit, size: q.Size, since: answered})
		}
	}
	for i := range w.all {
		j := slices.IndexFunc(quotas, w.all[i].isOf)
		if j < 0 {
			w.all, w.isMixed = nil, true
			return false
		}
		w.all[i].update(answered, quotas[j])
	}
	return true
}

// areKnown reports whether any holds at a moment.
func (w *windows) areKnown(now time.Time) bool {
	return slices.ContainsFunc(w.all, func(known window) bool { return known.isKnown(now) })
}

// readyAt returns when a request may leave that makes n with those under way.
func (w *windows) readyAt(now time.Time, n int) time.Time {
	at := now
	for i := range w.all {
		if w.all[i].isTaken(now, n) {
			at = maxTime(at, w.all[i].edge)
		}
	}
	return at
}

// exhaust notes that nothing is left, and returns until when.
func (w *windows) exhaust(now time.Time) (edge time.Time) {
	first := w.first(now)
	if first == nil {
		return now
	}
	first.left = 0
	return first.edge
}

// first returns the window that ends first; nil: none is known.
func (w *windows) first(now time.Time) (first *window) {
	for i := range w.all {
		if known := &w.all[i]; known.isKnown(now) && (first == nil || known.edge.Before(first.edge)) {
			first = known
		}
	}
	return first
}

// A window is a number of requests until a moment. It slows nobody down while some are left.
type window struct {
	name   string
	size   int
	left   int
	edge   time.Time     // zero: none is known
	length time.Duration // between the latest two edges; 0: unknown
	since  time.Time     // when the first response announced it
}

// isOf reports whether q is about w.
func (w *window) isOf(q policy.Quota) bool { return q.Limit == w.name && q.Size == w.size }

// maxGuess is the longest pause because of a reset whose unit is a guess.
const maxGuess = time.Minute

// update takes up what a response says that came at a moment.
func (w *window) update(answered time.Time, q policy.Quota) {
	reset := q.Reset
	if q.IsGuess {
		reset = min(reset, maxGuess)
	}
	edge := answered.Add(reset)
	switch isNew := edge.Sub(w.edge) > time.Second/2; {
	case w.edge.IsZero():
		w.left, w.edge = q.Left, edge
	case isNew && !answered.Before(w.edge.Add(-time.Second/2)):
		w.length = edge.Sub(w.edge)
		w.left, w.edge = q.Left, edge
	case isNew: // a later reset in the middle of a window: the vendor's moves with each request
		w.left, w.edge = min(w.left, q.Left), edge
	default:
		w.left = min(w.left, q.Left)
		if edge.Before(w.edge) { // a reset is rounded up: the earliest is the most exact
			w.edge = edge
		}
	}
}

// isKnown reports whether the window holds at a moment.
func (w *window) isKnown(now time.Time) bool { return now.Before(w.edge) }

// isTaken reports whether less is left than requests take that are under way, with the next.
func (w *window) isTaken(now time.Time, n int) bool { return w.isKnown(now) && w.left < n }
