package traffic

import "time"

// An asking is an exchange, and what its parts are about.
type asking struct {
	Exchange

	limiters []*limiter
	outages  []*outage
	spent    int // what this process had spent of the budget
}

// exchange makes the next exchange: about what requests wait for, and what has changed.
func (q *queue) exchange(now time.Time) asking {
	a := asking{Exchange: Exchange{Account: q.link.account, Process: q.link.fleet.process}}
	q.gather(&a)
	for _, l := range a.limiters {
		a.Limits = append(a.Limits, l.take(now, l.ahead))
	}
	for _, o := range a.outages {
		a.Outages = append(a.Outages, o.sight(now, q.wantsGrant(now, o)))
	}
	a.Budget, a.spent = q.budget.purse()
	return a
}

// gather finds what the exchange is about, and counts what waits for each limiter.
func (q *queue) gather(a *asking) {
	k := q.link
	k.mark(q.own)
	for _, l := range k.touched {
		l.ahead = 0
	}
	i := 0
	for e := q.waiting.Front(); e != nil && i < maxWant; e = e.Next() {
		p := placeOf(e)
		i++
		for _, l := range p.limiters {
			if k.mark(l) {
				l.ahead = 0
			}
			l.ahead += l.sizeOf(p.demand)
		}
		if p.endpoint != nil {
			p.endpoint.isTouched = true
		}
	}
	a.limiters, k.touched = k.touched, nil
	for _, l := range a.limiters {
		l.isTouched = false
	}
	a.outages = append(a.outages, &q.outages.vendor)
	for _, o := range q.outages.byEndpoint {
		if o.isTouched || o.state != Healthy {
			o.isTouched = false
			a.outages = append(a.outages, o)
		}
	}
}

// grant takes up what the Store says.
func (q *queue) grant(now time.Time, a asking, r Result) {
	q.link.isHolding = false
	q.comeBack(now, r.Processes)
	for i, l := range a.limiters {
		l.granted(now, q.link, r.Limits[i])
		q.link.isHolding = q.link.isHolding || r.Limits[i].Hold > 0 || a.Limits[i].Busy > 0
	}
	for i, o := range a.outages {
		q.outages.adopt(now, q.link.asked, o, r.Outages[i])
	}
	q.budget.settle(a, r.Retries)
	q.refuseLate(now)
}

// comeBack takes up that the Store works, and says how many processes there are. If it failed, others
// may find out later, and the Store does not know yet of those.
func (q *queue) comeBack(now time.Time, processes int) {
	k := q.link
	if k.isLost {
		k.isLost, k.sharesTo = false, now.Add(returnTime)
	}
	if k.shares() && now.Before(k.sharesTo) {
		k.processes = max(k.processes, processes)
		return
	}
	if k.processes = processes; k.shares() {
		k.sharesTo = time.Time{}
		q.divide(now, 1)
	}
}

// lose takes up that the Store fails: the process goes on with its share of what is declared.
func (q *queue) lose(now time.Time, a asking) {
	for _, l := range a.limiters {
		l.knownUntil = time.Time{}
	}
	q.link.want(now)
	if q.link.isLost {
		return
	}
	q.link.isLost = true
	q.divide(now, q.link.parts())
	for _, o := range q.outages.active {
		o.needsGrant = false
	}
}

// divide leaves each limiter one part in n of its limit.
func (q *queue) divide(now time.Time, n int) {
	for l := range q.all() {
		l.share(now, n)
	}
}
