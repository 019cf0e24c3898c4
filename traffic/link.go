package traffic

import "time"

// A link is what a queue knows of the Store that its processes share. A nil link has none: the
// process is alone.
type link struct {
	fleet     *Fleet
	account   string
	asked     time.Time // when the latest exchange began
	isBusy    bool      // it has not ended
	isLost    bool      // it failed
	sharesTo  time.Time // the Store works again, but others may not know yet; zero: they do
	wantedAt  time.Time // when the next one is wanted; zero: it is not
	processes int
	touched   []*limiter // that the next one is about, beside those that requests wait for
	isHolding bool       // slots, which have to be asked for again
}

// Times of exchanges.
const (
	exchangeTimeout = time.Second
	betweenThem     = 50 * time.Millisecond
	lostTime        = time.Second            // between those that fail
	freshTime       = 500 * time.Millisecond // after which what is known is too old
	newsTime        = time.Second            // after which a success is reported
	returnTime      = lostTime + freshTime   // after which all know that the Store works again
)

// knows reports whether what is known is fresh enough at a moment, and asks for more if not.
func (l *link) knows(now, known time.Time) bool {
	if l.isAway() {
		return true
	}
	if now.Sub(known) <= freshTime {
		return true
	}
	l.want(now)
	return false
}

// isAway reports whether the process is alone: it has no Store, or one that fails, or the Fleet
// is closed.
func (l *link) isAway() bool { return l == nil || l.isLost || l.fleet.isClosed.Load() }

// want asks for an exchange at a moment, or as soon as there may be one.
func (l *link) want(at time.Time) {
	if l != nil && (l.wantedAt.IsZero() || at.Before(l.wantedAt)) {
		l.wantedAt = at
	}
}

// touch asks for an exchange about a limiter at a moment.
func (l *link) touch(at time.Time, limit *limiter) {
	if l == nil {
		return
	}
	l.want(at)
	l.mark(limit)
}

// mark has the next exchange be about a limiter. It reports whether it was not yet.
func (l *link) mark(limit *limiter) (isNew bool) {
	if isNew = !limit.isTouched; isNew {
		limit.isTouched = true
		l.touched = append(l.touched, limit)
	}
	return isNew
}

// hasNews reports whether the Store does not know the latest.
func (l *link) hasNews() bool { return len(l.touched) > 0 || !l.wantedAt.IsZero() || l.isHolding }

// dueAt returns when the next exchange begins; zero: none is wanted, or one is under way.
func (l *link) dueAt(now time.Time) time.Time {
	if l == nil || l.isBusy || l.fleet.isClosed.Load() {
		return time.Time{}
	}
	if l.isHolding {
		l.want(l.asked.Add(SlotTime / 3))
	}
	switch {
	case l.wantedAt.IsZero():
		return time.Time{}
	case l.isLost:
		return maxTime(now, l.wantedAt, l.asked.Add(lostTime))
	default:
		return maxTime(now, l.wantedAt, l.asked.Add(betweenThem))
	}
}

// exchangeAt begins an exchange if it is due, or returns when it is; zero: none is wanted.
func (q *queue) exchangeAt(now time.Time) time.Time {
	at := q.link.dueAt(now)
	if at.IsZero() || at.After(now) {
		return at
	}
	l := q.link
	l.isBusy, l.asked, l.wantedAt = true, now, time.Time{}
	a := q.exchange(now)
	l.fleet.running.Go(func() {
		r, err := l.fleet.ask(l.fleet.ctx, a.Exchange)
		q.exchanged(a, r, err)
		l.fleet.tell(err)
	})
	return time.Time{}
}

// exchanged takes up how an exchange ended.
func (q *queue) exchanged(a asking, r Result, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	q.link.isBusy = false
	if err != nil || len(r.Limits) != len(a.Limits) || len(r.Outages) != len(a.Outages) {
		q.lose(now, a)
	} else {
		q.grant(now, a, r)
	}
	q.step(now)
}

// isKnown reports whether it is known whether the vendor and the endpoint of the request work, or
// asks for it.
func (p *place) isKnown(now time.Time) bool {
	k := p.queue.link
	if k == nil {
		return true
	}
	isKnown := k.knows(now, p.queue.outages.vendor.known)
	return p.endpoint == nil || k.knows(now, p.endpoint.known) && isKnown
}

// inform has the Store know how a request ended: at once if that is news for other processes.
func (q *queue) inform(now time.Time, p *place, r Report) {
	k := q.link
	if k == nil {
		return
	}
	if p.endpoint != nil {
		p.endpoint.isTouched = true
	}
	isNews := r.Pause > 0 || r.Health == Failing || r.Health == Unreachable || q.outages.over(p.endpoint) != nil
	if r.Health == Failing || r.Health == Unreachable {
		q.outages.vendor.known = time.Time{} // others may have failed as well: ask before the next request
	}
	if isNews || now.Sub(q.own.known) > freshTime/2 {
		k.want(now)
	}
	k.want(now.Add(newsTime))
	for _, l := range p.limiters {
		isFree := l.units != nil && l.slots != nil && l.units.hold != l.under+len(l.slots.ends)+l.waiting
		if isFree || l.gate.until.After(now) && !l.gate.until.Equal(l.knownUntil) {
			k.touch(now, l)
		}
	}
}

// join has the Store share a limit that is declared.
func (q *queue) join(now time.Time, l *limiter) {
	if q.link == nil {
		return
	}
	if l.pace != nil || l.period != nil || l.slots != nil {
		l.units = &units{valid: Valid}
	}
	if q.link.isLost || q.link.shares() {
		l.share(now, q.link.parts())
	}
}

// shares reports whether the Store works again, and the process keeps to its share, as others may
// still use theirs.
func (l *link) shares() bool { return !l.sharesTo.IsZero() }

// parts is in how many parts a limit is shared without the Store.
func (l *link) parts() int { return max(l.processes, l.fleet.options.Processes, 1) }
