package traffic

import "time"

// obey follows what another process learned.
func (p *pace) obey(now time.Time, learned Pace) {
	p.follows, p.closed = true, false
	p.burst = max(p.burst, 4*learned.Burst)
	p.set(now, learned.PerSecond, hold)
}

// lead goes on from what another process learned.
func (p *pace) lead(now time.Time) {
	p.follows, p.wasCut, p.episode, p.interval = false, true, now, firstLook
	p.proved.forget()
}

// share makes the pace a part of what it was, or the whole again. What all requests met proves
// nothing about it.
func (p *pace) share(now time.Time, declared, factor float64) {
	if p.follows {
		p.lead(now)
	}
	isLearned := p.isLearned()
	p.declared, p.current, p.good, p.before = declared, factor*p.current, factor*p.good, factor*p.before
	if !isLearned {
		p.current = declared
	}
	p.lag = 0
	p.proved.forget()
}
