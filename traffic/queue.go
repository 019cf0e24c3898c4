package traffic

import (
	"cmp"
	"container/list"
	"slices"
	"sync"
	"time"
)

// A queue is the requests of one account: those that wait, and those under way. They start in
// order, except that a request does not wait for one that is held back by a limit of its own,
// such as that of another record.
type queue struct {
	mu      sync.Mutex
	account Account
	own     *limiter // which every request passes
	byKey   map[key]*list.Element
	recent  *list.List // of *limiter, the latest used first
	waiting *list.List // of *place, in order
	tickets uint64
	round   uint64 // of looking for those that may start
	alarm   alarm  // for the next of them

	outages outages
	link    *link // to other processes; nil: there is none

	budget budget
	streak streak

	guessed      string // the limit that a guess paused the longest
	guessedUntil time.Time
}

func newQueue(a Account, f *Fleet) *queue {
	q := &queue{
		account: a, own: newLimiter(key{}, own), byKey: map[key]*list.Element{}, recent: list.New(), waiting: list.New(),
	}
	if f != nil {
		q.link = &link{fleet: f, account: accountKey(a)}
	}
	return q
}

// admit gives a request a place: it starts now, waits, or is refused.
func (q *queue) admit(now time.Time, d Demand) *place {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := &place{queue: q, ticket: d.Ticket, demand: d, latest: now.Add(d.MaxWait)}
	p.limiters = q.limiters(p.few[:0], now, d)
	if p.ticket == 0 {
		q.tickets++
		p.ticket = q.tickets
	}
	p.call, p.endpoint = p.ticket, q.outages.of(d.Endpoint)
	isFree := q.waiting.Len() == 0 && p.isKnown(now) && !q.outages.readyAt(now, p).After(now)
	for _, l := range p.limiters {
		isFree = isFree && !l.readyAt(now, l.sizeOf(d)).After(now) && !l.sharedUntil(now, q.link, l.sizeOf(d)).After(now)
	}
	q.countAhead(p)
	if isFree {
		p.start(now)
		return p
	}
	if p.refusal = q.outages.refusalOf(now, p); p.refusal != nil {
		return p
	}
	at, slowest := p.expected(now)
	if at.After(p.latest) {
		p.refusal = p.refusalBy(now, at, slowest)
		return p
	}
	p.slowest = cmp.Or(slowest, p.holder(now), q.own) // until it is known better
	p.ready = make(chan struct{})
	q.enter(p)
	q.step(now)
	return p
}

// countAhead counts those that go before p at each limiter.
func (q *queue) countAhead(p *place) {
	for _, l := range p.limiters {
		l.ahead = 0
	}
	for e := q.waiting.Front(); e != nil && placeOf(e).goesBefore(p); e = e.Next() {
		for _, l := range placeOf(e).limiters {
			l.ahead += l.sizeOf(placeOf(e).demand)
		}
	}
}

// enter puts a place behind those that go first.
func (q *queue) enter(p *place) {
	for _, l := range p.limiters {
		l.waiting++
	}
	behind := q.waiting.Back()
	for behind != nil && p.goesBefore(placeOf(behind)) {
		behind = behind.Prev()
	}
	if behind == nil {
		p.entry = q.waiting.PushFront(p)
		return
	}
	p.entry = q.waiting.InsertAfter(p, behind)
}

func placeOf(e *list.Element) *place {
	p, _ := e.Value.(*place)
	return p
}

// remove takes a place from those that wait.
func (q *queue) remove(p *place) {
	q.waiting.Remove(p.entry)
	p.entry = nil
	for _, l := range p.limiters {
		l.waiting--
	}
}

// start takes a place of each limiter for a request that leaves now.
func (p *place) start(now time.Time) {
	p.started = now
	if o := p.queue.outages.over(p.endpoint); o != nil {
		o.depart(now, p.probes != nil, p.demand.Retry)
	}
	for _, l := range p.limiters {
		l.depart(now, p)
		l.useShared(now, p.queue.link, l.sizeOf(p.demand))
	}
}

// end takes up how a request ended that left, at each limiter and for the vendor.
func (p *place) end(now time.Time, r Report) {
	for _, l := range p.limiters {
		l.end(now, p, r)
	}
	p.queue.outages.report(now, p, r)
}

// release starts a request that waited.
func (q *queue) release(now time.Time, p *place) {
	q.remove(p)
	p.start(now)
	close(p.ready)
}

// step starts each request that may start, in order, and sets the timer for the next.
func (q *queue) step(now time.Time) {
	q.round++
	q.outages.forget(now, q.waiting.Len())
	q.probe(now)
	var next time.Time
	isExact := false
	for e := q.waiting.Front(); e != nil; {
		p := placeOf(e)
		e = e.Next()
		if p.isBehind(q.round) {
			continue
		}
		at := p.readyAt(now, q.round)
		if !at.After(now) {
			q.release(now, p)
			continue
		}
		if next.IsZero() || at.Before(next) {
			next, isExact = at, p.slowest.isExact()
		}
		if q.holdsAll(p) {
			break
		}
	}
	if latest := q.expire(now); next.IsZero() || !latest.IsZero() && latest.Before(next) {
		next = latest
	}
	if at := q.exchangeAt(now); !at.IsZero() && (next.IsZero() || at.Before(next)) {
		next, isExact = at, false
	}
	q.alarm.set(now, next, isExact, q.tick)
}

// expire refuses those whose time is over, and returns when the next one's is; zero: nobody
// waits.
func (q *queue) expire(now time.Time) (next time.Time) {
	for e := q.waiting.Front(); e != nil; {
		p := placeOf(e)
		e = e.Next()
		if refusal := q.outages.refusalOf(now, p); refusal != nil {
			q.turnAway(p, refusal)
		} else if p.latest.Before(now) {
			q.countAhead(p)
			at, slowest := p.expected(now)
			if slowest == nil { // what it waited for took longer than expected
				at, slowest = now.Add(slowProbe), cmp.Or(p.slowest, q.own)
			}
			q.turnAway(p, p.refusalBy(now, at, slowest))
		} else if next.IsZero() || p.latest.Before(next) {
			next = p.latest.Add(1)
		}
	}
	return next
}

// turnAway refuses a place that waits.
func (q *queue) turnAway(p *place, why *Refusal) {
	q.remove(p)
	p.refusal = why
	close(p.ready)
}

// holdsAll reports whether a limiter that holds back p is one that all pass who wait.
func (q *queue) holdsAll(p *place) bool {
	return slices.ContainsFunc(p.limiters, func(l *limiter) bool {
		return l.blocked == q.round && l.waiting == q.waiting.Len()
	})
}

// tick is the alarm's.
func (q *queue) tick() {
	q.mu.Lock()
	exact := q.alarm.exact
	q.mu.Unlock()
	sleepUntil(exact)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.step(time.Now())
}

// leave gives up a place. If the request was let go in the same moment, it is not sent.
func (q *queue) leave(p *place) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	switch {
	case p.entry != nil:
		q.remove(p)
	case !p.started.IsZero():
		p.end(now, Report{Unsent: true})
	}
	q.step(now)
}
