package traffic

import "time"

// depart notes that a request leaves.
func (l *limiter) depart(now time.Time, p *place) {
	n := l.sizeOf(p.demand)
	l.gate.depart(now)
	l.under++
	l.load += n
	if l == p.queue.own {
		p.under = l.under
	}
	if r := l.rhythm; r != nil && r.depart(now, l.gate.room == 1 && l.gate.under == 1) {
		l.gate.rest(now, r.nextProbe(now))
	}
	if l.probes {
		l.probe(now)
	}
	if l.bucket != nil {
		l.bucket.depart(now, p, n)
	}
}

// probe leaves one request in the bucket, which was full while the gate was closed.
func (l *limiter) probe(now time.Time) {
	l.follow(now)
	if l.pace.mode == ramp {
		l.bucket.setBurst(now, l.pace.room())
	}
	l.bucket.drain(now, 1)
	l.probes = false
}

// end takes a request that has left from those that are under way.
func (l *limiter) end(now time.Time, p *place, r Report) {
	n := l.sizeOf(p.demand)
	l.under--
	l.load -= n
	isGood := !r.Answered.IsZero() && r.Pause == 0
	l.gate.end(p.started, isGood)
	l.slots.end(now, r)
	if !r.Unsent {
		l.period.count(now, n)
	}
	if l.bucket != nil {
		l.bucket.end(now, p, r)
	}
	if isGood {
		l.accept(now, p)
	}
}

// accept takes up that a request was accepted.
func (l *limiter) accept(now time.Time, p *place) {
	if r := l.rhythm; r != nil {
		if r.passed.Before(l.gate.until) && !p.started.Before(l.gate.until) {
			r.pass(p.started)
		}
		if r.accepted++; r.isNone() {
			l.rhythm, l.noRhythm = nil, true
		}
	}
	if l == p.queue.own && l.crowd.accept(now, p.started, p.under, l.isReady(now)) {
		l.dropPace()
		l.gate.open()
	}
	isShared := !p.queue.link.isAway()
	if isShared {
		l.evidence.accepted++
	}
	switch {
	case l.pace == nil:
		l.proved.add(now)
		return
	case !isShared:
		l.pace.accept(now, p.started)
	}
	if l.pace.holdsBack() {
		l.gate.open()
	}
}

// isReady reports whether the bucket would let a request pass.
func (l *limiter) isReady(now time.Time) bool {
	return l.bucket == nil || !l.bucket.readyAt(now, 1).After(now)
}
