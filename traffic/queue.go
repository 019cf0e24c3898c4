package traffic

import (
	"container/list"
	"slices"
	"sync"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
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
	timer   *time.Timer

	budget budget
	streak streak

	guessed      string // the limit that a guess paused the longest
	guessedUntil time.Time
}

// A key names a limiter of an account: a limit, or a limit of one record. The one without a
// name is the account's own.
type key struct{ limit, record string }

// own is the limit of every account: no rate until one was learned.
var own = policy.Limit{Scope: apierrors.ScopeAccount, Off: true}

func newQueue(a Account) *queue {
	return &queue{
		account: a, own: newLimiter(key{}, own), byKey: map[key]*list.Element{}, recent: list.New(), waiting: list.New(),
	}
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
	isFree := q.waiting.Len() == 0
	for _, l := range p.limiters {
		l.ahead = 0
		isFree = isFree && !l.readyAt(now).After(now)
	}
	q.countAhead(p)
	if isFree {
		p.start(now)
		return p
	}
	if at, slowest := p.expected(now); at.After(p.latest) {
		p.refuse(now, at, slowest)
		return p
	}
	p.ready = make(chan struct{})
	q.enter(p)
	q.step(now)
	return p
}

// countAhead counts those that go before p at each limiter.
func (q *queue) countAhead(p *place) {
	for e := q.waiting.Front(); e != nil && placeOf(e).goesBefore(p); e = e.Next() {
		for _, l := range placeOf(e).limiters {
			l.ahead++
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
	for _, l := range p.limiters {
		l.depart(now, p)
	}
}

// step starts each request that may start, in order, and sets the timer for the next.
func (q *queue) step(now time.Time) {
	q.round++
	var next time.Time
	for e := q.waiting.Front(); e != nil; {
		p := placeOf(e)
		e = e.Next()
		if p.isBehind(q.round) {
			continue
		}
		at := p.readyAt(now, q.round)
		if !at.After(now) {
			q.remove(p)
			p.start(now)
			close(p.ready)
			continue
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
		if q.holdsAll(p) {
			break
		}
	}
	if latest := q.expire(now); next.IsZero() || !latest.IsZero() && latest.Before(next) {
		next = latest
	}
	q.wake(now, next)
}

// expire refuses those whose time is over, and returns when the next one's is; zero: nobody
// waits.
func (q *queue) expire(now time.Time) (next time.Time) {
	for e := q.waiting.Front(); e != nil; {
		p := placeOf(e)
		e = e.Next()
		if p.latest.Before(now) {
			q.remove(p)
			p.expire(now)
			close(p.ready)
		} else if next.IsZero() || p.latest.Before(next) {
			next = p.latest.Add(1)
		}
	}
	return next
}

// holdsAll reports whether a limiter that holds back p is one that all pass who wait.
func (q *queue) holdsAll(p *place) bool {
	return slices.ContainsFunc(p.limiters, func(l *limiter) bool {
		return l.blocked == q.round && l.waiting == q.waiting.Len()
	})
}

// wake sets the timer for the next step. Nobody needs one if nobody waits.
func (q *queue) wake(now, next time.Time) {
	switch {
	case next.IsZero():
		if q.timer != nil {
			q.timer.Stop()
		}
	case q.timer == nil:
		q.timer = time.AfterFunc(next.Sub(now), q.tick)
	default:
		q.timer.Reset(next.Sub(now))
	}
}

// tick is the timer's.
func (q *queue) tick() {
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
		for _, l := range p.limiters {
			l.end(now, p, Report{Unsent: true})
		}
	}
	q.step(now)
}

// done takes up how a request ended.
func (q *queue) done(now time.Time, p *place, r Report) (hold time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.streak.add(r)
	switch {
	case r.Served && r.Paid:
		q.budget.refund(r.Full)
	case r.Served, r.Refused:
		q.budget.earn(r.Full)
	}
	for _, l := range p.limiters {
		l.end(now, p, r)
	}
	for _, quota := range r.Quotas {
		p.limiterOf(quota).tell(now, r, quota)
	}
	if r.Pause > 0 {
		hold = q.refuse(now, p, r)
	}
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

// refused returns the limiters that a refusal is about: that of a limit, or the account's
// own. A record's limit is about that record alone; without a known record it is about
// nobody. If a guess meets a second limit, both responses are likely about the account.
func (q *queue) refused(now time.Time, p *place, r Report) []*limiter {
	if r.Limit == nil {
		return []*limiter{q.own}
	}
	var all []*limiter
	if until := now.Add(r.Pause); r.Guessed {
		if q.guessed != r.Limit.Name && now.Before(q.guessedUntil) {
			all = append(all, q.own)
		}
		if until.After(q.guessedUntil) {
			q.guessed, q.guessedUntil = r.Limit.Name, until
		}
	}
	if k, ok := keyOf(p.demand.Record, *r.Limit); ok {
		if _, isKnown := q.byKey[k]; !isKnown {
			q.attach(q.limiter(now, k, r.Limit))
		}
		all = append(all, q.limiter(now, k, r.Limit))
	}
	return all
}

// passes reports whether the request falls under the limit of l, or under any.
func (d Demand) passes(l *limiter) bool {
	return l.key == key{} || slices.ContainsFunc(d.Limits, func(limit policy.Limit) bool {
		k, ok := keyOf(d.Record, limit)
		return ok && k == l.key
	})
}

// attach adds a limiter that is new, as its limit was off, to those that wait and pass it.
func (q *queue) attach(l *limiter) {
	for e := q.waiting.Front(); e != nil; e = e.Next() {
		p := placeOf(e)
		if p.demand.passes(l) {
			p.limiters = append(p.limiters, l)
			l.waiting++
		}
	}
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
			q.remove(p)
			p.refuse(now, at, slowest)
			close(p.ready)
			continue
		}
		for _, l := range p.limiters {
			l.ahead++
		}
	}
}
