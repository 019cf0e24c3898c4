package traffic

import "time"

// sharedUntil returns when a request of n may pass what the Store grants, and asks for more if
// that does not last.
func (l *limiter) sharedUntil(now time.Time, k *link, n int) time.Time {
	switch {
	case k.isAway():
		return now
	case !k.knows(now, l.known):
		k.touch(now, l)
		return now.Add(slowProbe) // or when the exchange ends
	case l.units == nil:
		return now
	case l.slots != nil && l.under+len(l.slots.ends) >= l.units.hold:
		k.touch(maxTime(now, l.units.retry), l)
		return now.Add(slowProbe)
	case l.pace == nil && l.period == nil:
		return now
	}
	at, isThere := l.units.readyAt(now, l.fit(n))
	if !isThere {
		k.touch(maxTime(now, l.units.retry), l)
		return now.Add(slowProbe)
	}
	return at
}

// fit returns how many units a request of n takes: of one that is larger than the limit, all.
func (l *limiter) fit(n int) int {
	if l.bucket != nil {
		n = min(n, l.bucket.burst)
	}
	if l.period != nil {
		n = min(n, l.whole.size)
	}
	return n
}

// useShared uses what the Store granted for a request of n that leaves.
func (l *limiter) useShared(now time.Time, k *link, n int) {
	if l.units == nil || k == nil {
		return
	}
	l.units.use(l.fit(n))
	if len(l.units.have) == 0 {
		k.touch(now, l)
	}
}

// take is what an exchange says about the limiter, for which so many units wait.
func (l *limiter) take(now time.Time, waiting int) Take {
	t := Take{Limit: l.storeKey()}
	if until := l.gate.until; until.After(now) && !until.Equal(l.knownUntil) {
		t.Close, l.knownUntil = until.Sub(now), until
	}
	l.publish(now, &t)
	u := l.units
	if u == nil {
		return t
	}
	u.expire(now)
	if u.back > 0 {
		t.Back, t.BackFrom = u.back, now.Sub(u.first)
		u.back, u.first = 0, time.Time{}
	}
	if l.pace != nil {
		t.PerSecond, t.Burst = l.rateOfAll(now), u.spread(l)
	}
	if p := l.period; p != nil {
		p.renew(now)
		t.Size, t.Window = l.whole.size, p.length
		if p.edge.After(now) {
			t.Edge = p.edge.Sub(now)
		}
	}
	if s := l.slots; s != nil {
		t.Slots, t.Busy = l.whole.slots, l.under+len(s.ends)
		t.Hold = t.Busy + waiting
	}
	if l.pace != nil || l.period != nil {
		if l.pace != nil {
			if l.parts > 1 {
				waiting = min(waiting, l.bucket.burst) // it may not use more in time
			}
			waiting += u.used // as many may come until the next exchange
		}
		t.Want = min(max(waiting-u.count(), 0), maxWant)
		if u.most > 1 {
			t.Want = max(t.Want, u.most-u.count())
		}
	}
	u.used = 0
	return t
}

// maxWant bounds what is asked for at once.
const maxWant = 2_000

// granted takes up what the Store says.
func (l *limiter) granted(now time.Time, k *link, g Grant) {
	l.known = k.asked
	if until := now.Add(g.Closed); g.Closed > 0 && until.Sub(l.gate.until) > untilSame {
		l.gate.rest(now, until)
		l.knownUntil = until
	}
	l.adopt(now, k, g)
	if l.units != nil {
		l.isGranted = !k.shares()
		if l.units.add(now, g); len(l.units.have) > 0 {
			k.touch(l.units.have[len(l.units.have)-1].at.Add(2*Valid), l) // to give back what is not used
		}
	}
}

// untilSame is how much later a gate may open by the Store than by ourselves, and be the same.
const untilSame = 10 * time.Millisecond

// storeKey names the limiter to a Store.
func (l *limiter) storeKey() string {
	if l.keyHash == "" {
		l.keyHash = hashed(l.key.limit + "\n" + l.key.of)
	}
	return l.keyHash
}

// A whole is what a limit has for all processes.
type whole struct {
	perSecond          float64
	burst, size, slots int
}

// share leaves the limiter one part in n of its limit, and of what was learned.
func (l *limiter) share(now time.Time, n int) {
	before := max(l.parts, 1)
	l.parts, l.isGranted, l.leads, l.evidence = n, false, false, evidence{}
	if l.pace != nil && n != before {
		l.pace.share(now, l.whole.perSecond/float64(n), float64(before)/float64(n))
		if l.pace.declared > 0 {
			l.bucket.setBurst(now, max(l.whole.burst/n, 1))
		}
		l.follow(now)
	}
	if l.period != nil {
		l.period.size = max(l.whole.size/n, 1)
	}
	if l.slots != nil {
		l.slots.count = max(l.whole.slots/n, 1)
	}
}
