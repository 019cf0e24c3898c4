package traffic

import (
	"cmp"
	"container/list"
	"context"
	"time"

	"github.com/retrywise/retrywise/policy"
)

// A place is the Place of a request in this process.
type place struct {
	queue    *queue
	ticket   uint64
	call     uint64 // its first ticket
	demand   Demand
	limiters []*limiter  // that it passes
	few      [4]*limiter // room for them, as most pass no more
	latest   time.Time   // when it may start at the latest

	ready   chan struct{} // closed when it may start, or is refused; nil: that was decided at once
	entry   *list.Element // among those that wait
	under   int           // requests of the account that were under way when it started, with it
	started time.Time     // zero: it has not
	refusal *Refusal
	slowest *limiter // that it waits for

	endpoint *outage // of its endpoint; nil: there are too many
	probes   *outage // the request finds out whether it is over; nil: it is a usual one
}

// WaitsFor implements Place.
func (p *place) WaitsFor() string {
	p.queue.mu.Lock()
	defer p.queue.mu.Unlock()
	if p.entry == nil || p.slowest == nil {
		return "" // it started, or is refused
	}
	if !p.isKnown(time.Now()) {
		return "store"
	}
	if o := p.queue.outages.over(p.endpoint); o != nil {
		return o.name()
	}
	return p.slowest.name(time.Now())
}

// Ticket implements Place.
func (p *place) Ticket() uint64 { return p.ticket }

// Wait implements Place.
func (p *place) Wait(ctx context.Context) error {
	if p.ready != nil {
		select {
		case <-p.ready:
		case <-ctx.Done():
			p.queue.leave(p)
			return context.Cause(ctx)
		}
	}
	if p.refusal != nil {
		return p.refusal
	}
	return nil
}

// Done implements Place.
func (p *place) Done(_ context.Context, now time.Time, r Report) (hold time.Duration) {
	return p.queue.done(now, p, r)
}

// goesBefore reports whether p starts before other if both wait: by priority, and then in the
// order in which their calls came.
func (p *place) goesBefore(other *place) bool {
	return cmp.Or(cmp.Compare(other.demand.Priority, p.demand.Priority), cmp.Compare(p.ticket, other.ticket)) < 0
}

// readyAt returns when the place may start, and marks the limiters that are kept for it until
// then: those that would be ready later if another request passed them now. Later requests may pass
// the others, also if they are not ready now.
func (p *place) readyAt(now time.Time, round uint64) time.Time {
	if !p.isKnown(now) {
		return now.Add(slowProbe) // or when the exchange ends
	}
	if at := p.queue.outages.readyAt(now, p); at.After(now) && p.probes == nil {
		return at // it keeps nothing for itself meanwhile
	}
	at := now
	for _, l := range p.limiters {
		n := l.sizeOf(p.demand)
		l.ready = maxTime(now, l.readyAt(now, n), l.sharedUntil(now, p.queue.link, n))
		if l.ready.After(at) {
			at, p.slowest = l.ready, l
		}
	}
	if !at.After(now) {
		return now
	}
	for _, l := range p.limiters {
		if l.ready.Equal(at) || l.ready.Add(l.interval()).After(at) {
			l.blocked = round
		}
	}
	return at
}

// isBehind reports whether an earlier request waits for one of the place's limiters.
func (p *place) isBehind(round uint64) bool {
	for _, l := range p.limiters {
		if l.blocked == round {
			return true
		}
	}
	return false
}

// expected returns when the place will likely start if others are ahead of it, and the
// limiter that it waits for the longest.
func (p *place) expected(now time.Time) (at time.Time, slowest *limiter) {
	at = now
	for _, l := range p.limiters {
		if start := l.expected(now, l.ahead+l.fit(l.sizeOf(p.demand))); start.After(at) {
			at, slowest = start, l
		}
	}
	return at, slowest
}

// holder returns the limiter that holds the place back now for the longest; nil: none does.
func (p *place) holder(now time.Time) (slowest *limiter) {
	at := now
	for _, l := range p.limiters {
		if ready := l.readyAt(now, l.sizeOf(p.demand)); ready.After(at) {
			at, slowest = ready, l
		}
	}
	return slowest
}

// limiterOf returns the limiter that a quota is about: the one of its name, or the account's own.
func (p *place) limiterOf(q policy.Quota) *limiter {
	for _, l := range p.limiters {
		if l.key.limit == q.Limit && q.Limit != "" {
			return l
		}
	}
	return p.queue.own
}

// refusalBy returns the refusal of a place that cannot start in time, and the limiter that it waits
// for the longest.
func (p *place) refusalBy(now, at time.Time, slowest *limiter) *Refusal {
	slowest = cmp.Or(slowest, p.queue.own) // its time was over before it came
	return &Refusal{By: slowest.name(now), Scope: slowest.scope, Wait: slowest.spreadOver(at).Sub(now)}
}
