package traffic

import (
	"time"

	"github.com/retrywise/retrywise/policy"
)

// A window is a number of requests until a moment, from the headers of responses. It slows
// nobody down while some are left.
type window struct {
	name string
	size int
	left int
	edge time.Time // zero: none is known

	isMixed bool // the headers are about several limits, and nobody knows which a request meets
}

// maxGuess is the longest pause because of a reset whose unit is a guess.
const maxGuess = time.Minute

// tell takes up what a response says that came at a moment. It reports whether that makes
// sense.
func (w *window) tell(answered time.Time, q policy.Quota) bool {
	if w.isMixed || q.Reset <= 0 || q.Left < 0 {
		return false
	}
	if !w.edge.IsZero() && (q.Limit != w.name || q.Size != w.size) {
		w.isMixed, w.edge = true, time.Time{}
		return false
	}
	reset := q.Reset
	if q.IsGuess {
		reset = min(reset, maxGuess)
	}
	edge := answered.Add(reset)
	switch isNew := edge.Sub(w.edge) > time.Second/2; {
	case w.edge.IsZero(), isNew && !answered.Before(w.edge.Add(-time.Second/2)):
		w.left, w.edge = q.Left, edge
	case isNew: // a later reset in the middle of a window: the vendor's moves with each request
		w.left, w.edge = min(w.left, q.Left), edge
	default:
		w.left = min(w.left, q.Left)
		if edge.Before(w.edge) { // a reset is rounded up: the earliest is the most exact
			w.edge = edge
		}
	}
	w.name, w.size = q.Limit, q.Size
	return true
}

// isKnown reports whether the window holds at a moment.
func (w *window) isKnown(now time.Time) bool { return now.Before(w.edge) }

// isTaken reports whether less is left than requests take that are under way, with the next.
func (w *window) isTaken(now time.Time, n int) bool { return w.isKnown(now) && w.left < n }
