package traffic

import (
	"slices"
	"time"
)

// outages are those of an account: of the vendor as a whole, and of its endpoints.
type outages struct {
	vendor     outage
	byEndpoint map[string]*outage
	active     []*outage // those that are not healthy
	lastRetry  time.Time // the latest time that a refused call got to come back
}

const (
	maxEndpoints = 64              // that have an outage of their own
	endpointWait = 5 * time.Second // that calls wait for an endpoint, or a pool of workers would starve
)

// of returns the outage of an endpoint; nil if there are too many endpoints.
func (o *outages) of(endpoint string) *outage {
	if e, ok := o.byEndpoint[endpoint]; ok {
		return e
	}
	if o.byEndpoint == nil {
		o.byEndpoint = map[string]*outage{}
	}
	if len(o.byEndpoint) >= maxEndpoints {
		return nil
	}
	e := &outage{endpoint: endpoint}
	o.byEndpoint[endpoint] = e
	return e
}

// over returns the outage that a request to an endpoint has to mind: the vendor's, or else that of
// the endpoint, which may be nil. nil: the vendor works.
func (o *outages) over(endpoint *outage) *outage {
	switch {
	case len(o.active) == 0:
		return nil
	case o.vendor.state != Healthy:
		return &o.vendor
	case endpoint != nil && endpoint.state != Healthy:
		return endpoint
	default:
		return nil
	}
}

// report takes up how a request ended. The vendor as a whole is down only if no other endpoint
// works.
func (o *outages) report(now time.Time, p *place, r Report) {
	if p.probes != nil {
		p.probes.probes--
	}
	wasDown := o.vendor.state == Held
	for _, one := range []*outage{p.endpoint, &o.vendor} {
		if one == nil {
			continue
		}
		switch r.Health {
		case Working:
			one.succeed(now, p.started, p.probes == one)
		case Failing, Unreachable:
			mayHold := one != &o.vendor || !o.worksElsewhere(now, p.endpoint)
			one.fail(now, p.started, p.call, r, mayHold)
		case NoHealth:
		}
		if one.state != Healthy && !slices.Contains(o.active, one) {
			o.active = append(o.active, one)
		}
	}
	if wasDown && o.vendor.state == Ramping {
		o.resetEndpoints()
	}
}

// resetEndpoints ends the outages of endpoints: what failed was the vendor.
func (o *outages) resetEndpoints() {
	for _, e := range o.byEndpoint {
		e.reset()
	}
}

// worksElsewhere reports whether another endpoint had a success lately.
func (o *outages) worksElsewhere(now time.Time, failed *outage) bool {
	for _, e := range o.byEndpoint {
		if e != failed && e.failures == 0 && !e.lastGood.IsZero() && now.Sub(e.lastGood) <= time.Minute {
			return true
		}
	}
	return false
}

// forget drops those that are over. Nobody waits for them if waiting is 0.
func (o *outages) forget(now time.Time, waiting int) {
	o.active = slices.DeleteFunc(o.active, func(one *outage) bool {
		one.endRamp(now, waiting)
		return one.state == Healthy
	})
}

// readyAt returns when the request may leave, as far as outages are concerned.
func (o *outages) readyAt(now time.Time, p *place) time.Time {
	one := o.over(p.endpoint)
	if one == nil {
		return now
	}
	switch one.state {
	case Ramping:
		return one.ramp.readyAt(now)
	case Suspect:
		if !p.demand.Retry {
			return now
		}
	case Healthy, Held:
	}
	if one.wantsGrant(now) {
		return now.Add(slowProbe) // or when the Store grants it
	}
	return maxTime(one.probeAt, now.Add(time.Millisecond))
}

// refusalOf returns why a request that could start at a moment is not to wait for that; nil: it
// may wait.
func (o *outages) refusalOf(now time.Time, p *place) *Refusal {
	ready, one := o.readyAt(now, p), o.over(p.endpoint)
	if !ready.After(now) || one.isProbeDue(now) || one.wantsGrant(now) {
		return nil
	}
	starves := one != &o.vendor && one.state.Holds() && now.Sub(one.first) >= endpointWait
	if ready.After(p.latest) || starves || one.state == Held && p.demand.NoHold {
		return o.refuse(now, one)
	}
	return nil
}

// refuse returns a refusal because of an outage. Refused calls come back one after the other, at a
// quarter of the rate that was usual.
func (o *outages) refuse(now time.Time, one *outage) *Refusal {
	wait := min(max(now.Sub(one.first)/4, 5*time.Second), 5*time.Minute)
	apart := 4 / max(one.reference, 4/time.Minute.Seconds())
	at := maxTime(now.Add(wait), o.lastRetry.Add(time.Duration(apart*float64(time.Second))))
	if at.Sub(now) > time.Hour {
		at = now.Add(time.Hour)
	}
	o.lastRetry = at
	return &Refusal{By: one.name(), Scope: one.scope(), Wait: at.Sub(now), Outage: one.status()}
}

// outage returns what a request to an endpoint has to mind.
func (q *queue) outage(endpoint string) Outage {
	q.mu.Lock()
	defer q.mu.Unlock()
	if one := q.outages.over(q.outages.byEndpoint[endpoint]); one != nil {
		return *one.status()
	}
	return Outage{Endpoint: endpoint}
}
