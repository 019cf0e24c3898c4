package traffic

import (
	"slices"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// An outage keeps calls from a vendor, or from one endpoint of it, that does nothing but fail. It is
// a state machine over given times: healthy, suspect, held, ramping, and healthy again. Constants are
// those of a trial with 1 to 1,000 clients; see ARCHITECTURE.md.
type outage struct {
	endpoint string // empty: the vendor as a whole
	state    OutageState
	first    time.Time // the earliest failure of the present row
	failures int       // in a row, without a success
	calls    []uint64  // some of the calls that failed
	isDown   bool      // no failure had a response
	cause    string    // of the latest failure
	lastGood time.Time // when the latest success came
	goodLeft time.Time // when the latest request that succeeded left
	served   meter

	reference float64   // requests served per second before the row; 0: unknown
	crowd     int       // requests that may be under way in the ramp
	probeAt   time.Time // when the next probe goes
	probes    int       // under way
	waiting   int       // requests of the account
	ramp      ramping

	news       news
	known      time.Time // when the Store said what it knows
	isTouched  bool      // the next exchange is about it
	isAdopted  bool      // the state is that of other processes
	needsGrant bool      // of the Store, for a probe
	granted    bool
}

// Evidence for an outage.
const (
	suspectAfter = 4  // failures in a row
	heldAfter    = 32 // over heldTime or more
	heldSlowly   = 12 // over slowTime or more
	heldTime     = 250 * time.Millisecond
	slowTime     = 5 * time.Second
	heldCalls    = 3  // so many calls failed, as one record may be poisoned
	maxProbes    = 3  // under way
	suspectCrowd = 32 // requests that wait for a suspicion, for each probe of an interval
)

// succeed takes up a success of a request that left at a moment.
func (o *outage) succeed(now, left time.Time, isProbe bool) {
	o.lastGood, o.goodLeft = now, maxTime(o.goodLeft, left)
	o.news.serve(left)
	o.served.add(now, now.Sub(left))
	switch o.state {
	case Held:
		if isProbe || left.After(o.first) {
			o.beginRamp(now)
		}
	case Ramping:
		o.ramp.count(true)
	case Healthy, Suspect:
		o.reset()
	}
}

// reset ends the outage.
func (o *outage) reset() { o.state, o.failures, o.calls, o.isAdopted = Healthy, 0, nil, false }

// fail takes up a failure of a request that left at a moment. A late one says nothing.
func (o *outage) fail(now, left time.Time, call uint64, r Report, mayHold bool) {
	if o.isLate(now, left) && o.state != Ramping {
		return
	}
	if o.failures++; o.failures == 1 {
		o.first, o.isDown, o.calls = now, true, nil
	}
	o.isDown, o.cause = o.isDown && r.Health == Unreachable, r.Cause
	o.news.fail(now, call, r.Health == Unreachable, mayHold)
	if len(o.calls) < heldCalls && !slices.Contains(o.calls, call) {
		o.calls = append(o.calls, call)
	}
	switch o.state {
	case Healthy:
		if isSuspicious(o.failures, len(o.calls), o.isDown) {
			o.state = Suspect
			o.probeLater(now)
		}
	case Suspect:
		if mayHold && isOutage(o.failures, len(o.calls), o.isDown, now.Sub(o.first)) {
			o.begin(now)
		}
	case Ramping:
		if o.ramp.count(false); o.ramp.isBroken(now) {
			o.begin(now)
		}
	case Held:
	}
}

// isLate reports whether a failure may be older than the latest success, which came while the request
// was under way. It is not if the request that succeeded left before, and nothing has succeeded for a
// while: some failures take longer than successes, as a timeout does.
func (o *outage) isLate(now, left time.Time) bool {
	return left.Before(o.goodLeft) || left.Before(o.lastGood) && now.Sub(o.lastGood) < heldTime
}

// isSuspicious reports whether so many failures in a row, of so many calls, may be an outage. isDown
// says that none had a response.
func isSuspicious(failures, calls int, isDown bool) bool {
	return failures >= suspectAfter && (calls > 1 || isDown)
}

// isOutage reports whether there were failures enough, of calls enough, for long enough.
func isOutage(failures, calls int, isDown bool, long time.Duration) bool {
	isMuch := failures >= heldAfter && long >= heldTime || failures >= heldSlowly && long >= slowTime
	return isMuch && (calls >= heldCalls || isDown)
}

// begin begins to hold all calls.
func (o *outage) begin(now time.Time) {
	if o.state != Ramping {
		o.reference, o.crowd = o.served.before(o.first)
	}
	o.state = Held
	o.probeLater(now)
}

// interval returns the time between two probes: a tenth of the outage's age, and not more
// requests than half of what is usual. In a brown-out, all workers may soon wait for a suspicion: the
// more there are, the sooner that is over, and a row of probes that fail by chance is no outage.
func (o *outage) interval(now time.Time) time.Duration {
	d := min(max(now.Sub(o.first)/10, 500*time.Millisecond), 10*time.Second)
	if o.state == Suspect {
		d /= time.Duration(max(o.waiting/suspectCrowd, 1))
	}
	if o.reference > 0 {
		d = max(d, min(time.Duration(2/o.reference*float64(time.Second)), 30*time.Second))
	}
	return d
}

// probeLater puts the next probe off by an interval. The times of clients that began together
// differ by up to a tenth.
func (o *outage) probeLater(now time.Time) {
	d := o.interval(now)
	spread := time.Duration(now.UnixNano()/int64(time.Microsecond)%201-100) * d / 1000
	o.probeAt = now.Add(d + spread)
}

// isProbeDue reports whether a probe may leave.
func (o *outage) isProbeDue(now time.Time) bool {
	return o.state.Holds() && !now.Before(o.probeAt) && o.probes < maxProbes && (o.granted || !o.needsGrant)
}

// depart notes that a request leaves.
func (o *outage) depart(now time.Time, isProbe, isRetry bool) {
	switch {
	case isProbe:
		o.probes++
		o.granted = false
		o.probeLater(now)
	case o.state == Suspect && !isRetry:
		o.probeLater(now)
	case o.state == Ramping:
		o.ramp.depart(now)
	}
}

// name names the outage to a person.
func (o *outage) name() string {
	if o.endpoint == "" {
		return "hold vendor"
	}
	return "hold " + o.endpoint
}

// scope says which calls the outage holds back.
func (o *outage) scope() apierrors.Scope {
	if o.endpoint == "" {
		return apierrors.ScopeAccount
	}
	return apierrors.ScopeEndpoint
}

// status is the outage as others see it.
func (o *outage) status() *Outage {
	return &Outage{Endpoint: o.endpoint, State: o.state, Since: o.first, Failures: o.failures, Cause: o.cause, NextProbe: o.probeAt}
}

func (o *outage) beginRamp(now time.Time) {
	o.state = Ramping
	o.ramp = newRamping(now, o.reference, o.crowd)
}

// endRamp ends the ramp once as much is served as before, and nobody waits.
func (o *outage) endRamp(now time.Time, waiting int) {
	if o.state == Ramping && waiting == 0 && o.ramp.isOver(now) {
		o.reset()
	}
}
