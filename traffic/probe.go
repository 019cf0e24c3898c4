package traffic

import "time"

// probe starts a request for each outage of which it is time to find out whether it is over.
func (q *queue) probe(now time.Time) {
	for _, o := range q.outages.active {
		o.waiting = q.waiting.Len()
		if q.wantsGrant(now, o) {
			q.link.want(now)
		}
		if !o.isProbeDue(now) {
			continue
		}
		if p := q.prober(o); p != nil && p.startsAs(now, o, q.round) {
			q.release(now, p)
		}
	}
}

// wantsGrant reports whether a request waits to find out whether an outage is over, and the Store
// has to grant that.
func (q *queue) wantsGrant(now time.Time, o *outage) bool {
	return o.wantsGrant(now) && q.prober(o) != nil
}

// prober returns, of those that wait for the end of an outage, the first that does no harm if it is
// executed twice, or else the first; nil: nobody waits for it.
func (q *queue) prober(o *outage) (first *place) {
	for e := q.waiting.Front(); e != nil; e = e.Next() {
		p := placeOf(e)
		switch {
		case q.outages.over(p.endpoint) != o:
		case p.demand.Repeatable:
			return p
		case first == nil:
			first = p
		}
	}
	return first
}

// startsAs reports whether the place may start now to find out whether an outage is over.
func (p *place) startsAs(now time.Time, o *outage, round uint64) bool {
	p.probes = o
	if p.readyAt(now, round).After(now) {
		p.probes = nil
	}
	return p.probes != nil
}
