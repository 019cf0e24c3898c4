package traffic

import "time"

// done takes up how a request ended.
func (q *queue) done(now time.Time, p *place, r Report) (hold time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.streak.add(r)
	q.budget.take(r)
	if p.end(now, r); p.probes != nil && r.Health != Working {
		q.tickets++
		p.ticket = q.tickets // another one finds out next time
	}
	q.readQuotas(now, p, r)
	if r.Pause > 0 {
		hold = q.refuse(now, p, r)
	}
	q.inform(now, p, r)
	q.step(now)
	return hold
}

// refuse takes up that a limit refused a request. If none holds it back from now on, it is
// held back alone.
func (q *queue) refuse(now time.Time, p *place, r Report) (hold time.Duration) {
	isHeld := false
	for _, l := range q.refused(now, p, r) {
		hold = max(hold, l.refuse(now, p, r))
		isHeld = isHeld || p.demand.passes(l)
	}
	if !isHeld {
		hold = r.Pause
	}
	q.refuseLate(now)
	return hold
}

// refused returns the limiters that a refusal is about: those of limits, or the account's
// own. A record's limit is about that record alone; without a known record it is about
// nobody. If a guess meets a second limit, both responses are likely about the account.
func (q *queue) refused(now time.Time, p *place, r Report) []*limiter {
	if len(r.Limits) == 0 {
		return []*limiter{q.own}
	}
	var all []*limiter
	if until, name := now.Add(r.Pause), r.Limits[0].Name; r.Guessed {
		if q.guessed != name && now.Before(q.guessedUntil) {
			all = append(all, q.own)
		}
		if until.After(q.guessedUntil) {
			q.guessed, q.guessedUntil = name, until
		}
	}
	for _, limit := range r.Limits {
		if k, ok := p.demand.keyOf(limit); ok {
			_, isKnown := q.byKey[k]
			l := q.limiter(now, k, &limit)
			if !isKnown {
				q.attach(l)
			}
			all = append(all, l)
		}
	}
	return all
}

// refuseLate refuses those that can no longer start in time.
func (q *queue) refuseLate(now time.Time) {
	for e := q.waiting.Front(); e != nil; e = e.Next() {
		for _, l := range placeOf(e).limiters {
			l.ahead = 0
		}
	}
	for e := q.waiting.Front(); e != nil; {
		p := placeOf(e)
		e = e.Next()
		if at, slowest := p.expected(now); at.After(p.latest) {
			q.turnAway(p, p.refusalBy(now, at, slowest))
			continue
		}
		for _, l := range p.limiters {
			l.ahead += l.sizeOf(p.demand)
		}
	}
}
