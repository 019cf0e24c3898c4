package traffic

import (
	"container/list"
	"iter"
	"slices"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"

	"github.com/retrywise/retrywise/policy"
)

// A key names a limiter of an account: a limit, or that of one endpoint or record. The one
// without a name is the account's own.
type key struct{ limit, of string }

// own is the limit of every account: no rate until one was learned.
var own = policy.Limit{Scope: apierrors.ScopeAccount, Off: true}

// limiters appends to passed those that a request passes. A record's limit is passed only by
// requests that name their record; a limit that is off has a limiter only once its gate was
// closed.
func (q *queue) limiters(passed []*limiter, now time.Time, d Demand) []*limiter {
	passed = append(passed, q.own)
	for _, limit := range d.Limits {
		k, ok := d.keyOf(limit)
		if !ok {
			continue
		}
		wanted := &limit
		if limit.Off {
			wanted = nil
		}
		if l := q.limiter(now, k, wanted); l != nil {
			passed = append(passed, l)
		}
	}
	return passed
}

// keyOf returns the key of a limit; false for a record's limit without a record.
func (d Demand) keyOf(limit policy.Limit) (key, bool) {
	switch k := (key{limit: limit.Name}); limit.Scope {
	case apierrors.ScopeRecord:
		k.of = d.Record
		return k, d.Record != ""
	case apierrors.ScopeEndpoint:
		k.of = d.Endpoint
		return k, true
	default:
		return k, true
	}
}

// limiter returns the limiter called k. If there is none, it is made for limit, or not at
// all if limit is nil.
func (q *queue) limiter(now time.Time, k key, limit *policy.Limit) *limiter {
	if e, ok := q.byKey[k]; ok {
		q.recent.MoveToFront(e)
		return limiterAt(e)
	}
	if limit == nil {
		return nil
	}
	if q.recent.Len() >= maxLimiters {
		q.evict(now)
	}
	made := newLimiter(k, *limit)
	q.byKey[k] = q.recent.PushFront(made)
	return made
}

// evict drops one of the limiters that were not used for the longest time: the one that is
// as good as new first, as its gate opens and its bucket is full. So a gate that is closed
// outlives those of other records. The others that were looked at are not looked at again
// soon.
func (q *queue) evict(now time.Time) {
	var victim *list.Element
	var soonest time.Time
	for range min(maxLooks, q.recent.Len()) {
		e := q.recent.Back()
		q.recent.MoveToFront(e)
		if at := limiterAt(e).renewedAt(now); victim == nil || at.Before(soonest) {
			victim, soonest = e, at
		}
	}
	q.recent.Remove(victim)
	delete(q.byKey, limiterAt(victim).key)
}

// passes reports whether the request falls under the limit of l, or under any.
func (d Demand) passes(l *limiter) bool {
	return l.key == key{} || slices.ContainsFunc(d.Limits, func(limit policy.Limit) bool {
		k, ok := d.keyOf(limit)
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

// isIdle reports whether nothing is lost with the queue: nobody waits, each gate is open, and
// each bucket full.
func (q *queue) isIdle(now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting.Len() > 0 {
		return false
	}
	for l := range q.all() {
		if l.renewedAt(now).After(now) {
			return false
		}
	}
	return true
}

// all are the account's own limiter, and the others, the latest used first.
func (q *queue) all() iter.Seq[*limiter] {
	return func(yield func(*limiter) bool) {
		if !yield(q.own) {
			return
		}
		for e := q.recent.Front(); e != nil; e = e.Next() {
			if !yield(limiterAt(e)) {
				return
			}
		}
	}
}

func limiterAt(e *list.Element) *limiter {
	l, _ := e.Value.(*limiter)
	return l
}
