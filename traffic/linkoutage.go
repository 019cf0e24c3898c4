package traffic

import (
	"slices"
	"strconv"
	"time"
)

// News is what the Store does not know yet of an outage.
type news struct {
	served    int
	left      time.Time // when the latest of them left
	failures  int       // after the latest success
	first     time.Time
	calls     []uint64
	isDown    bool
	elsewhere bool
}

// serve notes a success of a request that left at a moment.
func (u *news) serve(left time.Time) {
	*u = news{served: u.served + 1, left: maxTime(u.left, left), elsewhere: u.elsewhere}
}

// fail notes a failure of a call.
func (u *news) fail(now time.Time, call uint64, isDown, mayHold bool) {
	if u.failures++; u.failures == 1 {
		u.first, u.isDown = now, true
	}
	u.isDown, u.elsewhere = u.isDown && isDown, u.elsewhere || !mayHold
	if len(u.calls) < heldCalls && !slices.Contains(u.calls, call) {
		u.calls = append(u.calls, call)
	}
}

// sight is what an exchange says about the outage, and whether a probe of it wants to be granted.
func (o *outage) sight(now time.Time, wantsGrant bool) Sight {
	u := o.news
	o.news = news{}
	s := Sight{
		Served: u.served, Failures: u.failures, Unreachable: u.isDown, Elsewhere: u.elsewhere, Probe: wantsGrant,
	}
	if o.endpoint != "" {
		s.Endpoint = hashed(o.endpoint)
	}
	if u.served > 0 {
		s.Left = now.Sub(u.left)
	}
	if u.failures > 0 {
		s.First, s.Cause = now.Sub(u.first), o.cause
	}
	for _, call := range u.calls {
		s.Calls = append(s.Calls, strconv.FormatUint(call, 36))
	}
	return s
}

// wantsGrant reports whether a probe is due, and the Store has to grant it.
func (o *outage) wantsGrant(now time.Time) bool {
	return o.state.Holds() && o.needsGrant && !o.granted && !now.Before(o.probeAt) && o.probes < maxProbes
}

// adopt takes up what the Store knows of an outage.
func (o *outages) adopt(now, known time.Time, one *outage, v View) {
	before := one.state
	one.known = known
	one.adopt(now, v)
	if one.state != Healthy && !slices.Contains(o.active, one) {
		o.active = append(o.active, one)
	}
	if one == &o.vendor && before == Held && one.state == Ramping {
		o.resetEndpoints()
	}
}

func (o *outage) adopt(now time.Time, v View) {
	if o.news.served > 0 && o.state == Ramping {
		return // the Store does not know yet
	}
	o.needsGrant, o.granted = v.State.Holds(), v.Granted
	switch v.State {
	case Suspect, Held:
		o.hold(now, v)
	case Ramping:
		o.release(now)
	case Healthy:
		if o.isAdopted {
			o.release(now)
		}
	}
}

// hold takes up that other processes met an outage.
func (o *outage) hold(now time.Time, v View) {
	first := now.Add(-v.Since)
	if o.state == Healthy || o.state == Suspect && !o.isAdopted {
		o.reference, o.crowd = o.served.before(first)
	}
	if o.state == Held && v.State == Suspect {
		return // this process has seen more
	}
	o.isAdopted = true
	o.state, o.first, o.failures, o.cause = v.State, first, v.Failures, v.Cause
	if o.probeAt = now.Add(v.NextProbe); v.Granted {
		o.probeAt = now
	}
}

// release takes up that the vendor works again for others.
func (o *outage) release(now time.Time) {
	o.isAdopted = false
	switch o.state {
	case Held:
		o.beginRamp(now)
	case Suspect:
		o.reset()
	case Healthy, Ramping:
	}
}
