package traffic

import (
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// refuse takes up a refusal of a request, and returns how long that request alone is held
// back.
func (l *limiter) refuse(now time.Time, p *place, r Report) (alone time.Duration) {
	switch {
	case l.rhythm != nil && !r.VendorPause:
		l.keepTime(now, p)
	case l.isCrowded(now, p, r):
		return r.Pause
	case l.pace != nil && !p.queue.link.isAway():
		l.evidence.refuse(p.started, r)
		p.queue.link.touch(now, l)
		return r.Pause
	case l.pace != nil && !l.slowDown(now, p.started, r.Pause, r.VendorPause):
		return r.Pause
	case l.pace != nil:
		// the gate holds all back
	case l.announced.areKnown(now) && !r.VendorPause:
		l.gate.rest(now, l.announced.exhaust(now))
	default:
		l.gate.close(now, p.started, r.Pause, r.VendorPause)
		if l.mayLearn(now) {
			l.learn(now, p, r)
		}
	}
	return 0
}

// slowDown corrects the pace after a refusal of a request that left at a moment, or closes the gate.
func (l *limiter) slowDown(now, left time.Time, wait time.Duration, isVendors bool) (closes bool) {
	isNew, closes := l.pace.refuse(now, left, wait, isVendors)
	if closes || now.Before(l.gate.until) {
		l.gate.close(now, left, wait, isVendors)
		l.probes = true
		return true
	}
	if isNew {
		l.follow(now)
		l.bucket.refused(now)
	}
	return false
}

// isCrowded reports whether a crowd explains the refusal. While that is only assumed, the pace
// may climb too high. Among processes nobody knows how many are under way.
func (l *limiter) isCrowded(now time.Time, p *place, r Report) bool {
	if !p.queue.link.isAway() {
		return false
	}
	if l != p.queue.own || r.Pause > marginalWait || l.pace == nil && l.crowd.state != sure || now.Before(l.gate.until) {
		return false
	}
	before := l.crowd.state
	isCrowded := l.crowd.refuse(now, p.started, p.under)
	switch after := l.crowd.state; {
	case before == unseen && after == assumed:
		l.crowd.current, l.crowd.good = l.pace.current, l.pace.good
	case before == assumed && after == refuted:
		l.pace.current, l.pace.good = l.crowd.current, l.crowd.good
	}
	return isCrowded
}

// keepTime takes up a refusal in a rhythm.
func (l *limiter) keepTime(now time.Time, p *place) {
	if !p.started.After(l.gate.closedAt) {
		return // it left before the gate closed
	}
	l.rhythm.refuse(p.started)
	l.gate.rest(now, l.rhythm.nextProbe(now))
	if l.rhythm.matches > 0 {
		l.dropPace()
	}
}

// dropPace leaves it to windows, or to a crowd, when requests pass.
func (l *limiter) dropPace() { l.pace, l.bucket, l.probes = nil, nil, false }

// recently is the time before the first refusal whose requests count.
const recently = 2 * time.Second

// mayLearn reports whether the limit is not known in another way.
func (l *limiter) mayLearn(now time.Time) bool {
	return l.scope == apierrors.ScopeAccount && l.period == nil && l.slots == nil && !l.announced.areKnown(now)
}

// learn gives the limiter a pace, from what was accepted before the first refusal. If that was
// much, there may be windows.
func (l *limiter) learn(now time.Time, p *place, r Report) {
	n := l.proved.within(now, recently)
	isShared := !p.queue.link.isAway()
	if isShared {
		n = 0 // the Store knows how many were accepted, for all processes
		l.units = &units{}
	}
	l.pace = learnedPace(now, l.gate.until, n)
	l.bucket = newBucket(l.pace.current, 1)
	l.probes = true
	l.crowd = crowd{since: l.gate.until, state: l.crowd.state}
	if n >= minWindow && !r.VendorPause && !l.noRhythm {
		l.rhythm = &rhythm{size: n, accepted: n, early: p.started}
		l.gate.rest(now, l.rhythm.nextProbe(now))
	}
}
