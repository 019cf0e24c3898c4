package traffic

import "time"

// An evidence is an Evidence that the Store does not know yet.
type evidence struct {
	accepted, refused int
	left              time.Time // when the latest of the refused was sent
	wait              time.Duration
	isVendors         bool
}

// refuse notes a refusal of a request that left at a moment.
func (e *evidence) refuse(left time.Time, r Report) {
	e.refused++
	if left.After(e.left) {
		e.left, e.wait, e.isVendors = left, r.Pause, r.VendorPause
	}
}

// take returns all, for the next exchange.
func (e *evidence) take(now time.Time) Evidence {
	all := Evidence{Accepted: e.accepted, Refused: e.refused}
	if e.refused > 0 {
		all.Left, all.Wait, all.ByVendor = now.Sub(e.left), e.wait, e.isVendors
	}
	*e = evidence{}
	return all
}

// publish says in a Take what was learned: by the process that leads, or that wants to.
func (l *limiter) publish(now time.Time, t *Take) {
	t.Evidence = l.evidence.take(now)
	p := l.pace
	if t.Leads = l.leads || p != nil && !p.follows && p.isLearned(); t.Leads && p != nil {
		if p.declared == 0 && l.bucket.burst != p.room() {
			l.bucket.setBurst(now, p.room())
		}
		l.published = Pace{l.rateOfAll(now), l.bucket.burst}
		t.Learned = l.published
	}
}

// rateOfAll returns the pace of all processes, also while this one has a part of it.
func (l *limiter) rateOfAll(now time.Time) float64 {
	return l.pace.rate(now) * float64(max(l.parts, 1))
}

// adopt takes up what the Store says that was learned.
func (l *limiter) adopt(now time.Time, k *link, g Grant) {
	l.leads = g.Leads
	switch isKnown := l.announced.areKnown(now) || l.crowd.state == sure; {
	case isKnown:
		// and so no pace is of use
	case g.Leads:
		if l.pace == nil || l.pace.follows || g.Learned != l.published {
			l.obey(now, g.Learned)
			l.pace.lead(now)
		}
		l.learnFrom(now, k, g.Evidence)
	case g.Learned.PerSecond > 0:
		l.obey(now, g.Learned)
	case l.pace != nil && l.pace.follows && l.pace.declared > 0:
		l.obey(now, Pace{PerSecond: l.whole.perSecond})
	case l.pace != nil && l.pace.follows:
		l.dropPace()
	}
}

// obey follows a pace that another process learned.
func (l *limiter) obey(now time.Time, learned Pace) {
	if l.pace == nil {
		l.pace, l.bucket, l.probes = &pace{cutAt: now}, newBucket(learned.PerSecond, 1), false
	}
	if l.units == nil {
		l.units = &units{}
	}
	learned.PerSecond /= float64(max(l.parts, 1))
	l.pace.obey(now, learned)
	if l.pace.declared == 0 && learned.Burst != l.bucket.burst {
		l.bucket.setBurst(now, learned.Burst)
	}
	l.follow(now)
}

// learnFrom corrects the pace by what requests of all processes met. While the gate is closed, what
// was accepted left before that.
func (l *limiter) learnFrom(now time.Time, k *link, e Evidence) {
	if l.pace == nil || l.parts > 1 {
		return // it has a part of what they met
	}
	l.pace.lag = Ahead + Valid + 2*l.interval()
	left := now
	if now.Before(l.gate.until) {
		left = time.Time{}
	}
	for range e.Accepted {
		l.pace.accept(now, left)
	}
	if e.Accepted > 0 && l.pace.holdsBack() {
		l.gate.open()
	}
	if l.pace.mode != hold {
		k.touch(now.Add(2*betweenThem), l)
	}
	if e.Refused > 0 && l.slowDown(now, now.Add(-e.Left), e.Wait, e.ByVendor) {
		k.touch(now, l)
	}
}
