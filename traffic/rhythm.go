package traffic

import "time"

// A rhythm is the windows of a vendor whose headers do not mention them: so many requests are
// accepted, and then none before an edge, where the next window begins. The requests that try
// whether a gate may reopen find the edges.
type rhythm struct {
	size     int // requests of a window
	matches  int // windows in a row in which as many were accepted
	misses   int // and in which not
	left     int // requests that left since the latest edge
	accepted int // and those that were accepted

	looks    bool          // whether the present window is larger by now
	lookAt   time.Time     // when it is tried next
	interval time.Duration // between two that failed

	period      time.Duration // 0: unknown
	passed      time.Time     // when the request left that showed the latest edge
	early, late time.Time     // the next edge lies between them
}

const (
	minWindow = 20                   // requests; fewer are a burst
	untilEdge = 3 * time.Millisecond // after a whole second, as clocks differ
	exactEdge = 20 * time.Millisecond
	firstRise = time.Minute // until a larger window is tried, which costs a refusal of each worker
)

// nextProbe returns when to try again: at the next whole second, where most windows turn, or
// where the edge is expected.
func (r *rhythm) nextProbe(now time.Time) time.Time {
	switch {
	case r.period == 0 || !now.Before(r.late):
		return now.Truncate(time.Second).Add(time.Second + untilEdge)
	case r.late.Sub(r.early) < exactEdge:
		return r.late
	default:
		return maxTime(now, r.early.Add(r.late.Sub(r.early)/2))
	}
}

// used returns how many requests have left in the present window; 0 if that may be over.
func (r *rhythm) used(now time.Time) int {
	if !now.Before(r.late) {
		return 0
	}
	return r.left
}

// depart notes that a request leaves, maybe to try. It reports whether it takes the last place
// of its window.
func (r *rhythm) depart(now time.Time, isProbe bool) (isLast bool) {
	if isProbe {
		r.left, r.looks = 0, r.period > 0 && !now.Before(r.lookAt)
	}
	r.left++
	return r.matches > 0 && r.left >= r.size && !r.looks
}

// pass notes that a request which left at a moment, to try, was accepted: an edge lies between
// the latest refusal and that.
func (r *rhythm) pass(left time.Time) {
	switch d := r.accepted - r.size; {
	case 33*d <= r.size && 33*d >= -r.size:
		r.matches, r.misses, r.size = r.matches+1, 0, max(r.size, r.accepted)
		if r.looks || r.interval == 0 {
			r.interval = min(max(2*r.interval, firstRise), lastLook)
			r.lookAt = left.Add(r.interval)
		}
	case d > 0 && r.looks:
		r.size, r.interval, r.lookAt = r.accepted, firstRise, left.Add(firstRise)
	default:
		r.matches, r.misses, r.size = 0, r.misses+1, r.accepted
		r.interval = 0
	}
	r.accepted = 0
	if !r.passed.IsZero() && r.period == 0 {
		r.period = left.Sub(r.passed).Round(time.Second / 2)
	}
	r.passed = left
	r.early, r.late = r.early.Add(r.period), left.Add(r.period)
}

// refuse notes that a request which left at a moment was refused: the edge is later. If the
// clock says so as well, it is where most windows turn.
func (r *rhythm) refuse(left time.Time) {
	r.early = maxTime(r.early, left)
	if turn := r.late.Add(-untilEdge); r.period > 0 && turn.Truncate(r.period).Equal(turn) {
		r.early = r.late
	}
}

// isNone reports whether there are no windows after all. The first may have been a part of one.
func (r *rhythm) isNone() bool { return r.misses > 1 }
