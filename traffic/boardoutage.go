package traffic

import (
	"slices"
	"time"
)

// A boardOutage is an outage as all processes see it. It has the states and constants of outage,
// with the failures of all.
type boardOutage struct {
	State     OutageState `json:"state,omitempty"`
	First     micros      `json:"first,omitempty"` // the earliest failure of the present row
	Failures  int         `json:"failures,omitempty"`
	Calls     []string    `json:"calls,omitempty"`     // some of the calls that failed
	IsDown    bool        `json:"down,omitempty"`      // no failure had a response
	Elsewhere micros      `json:"elsewhere,omitempty"` // until then another endpoint is known to work
	Cause     string      `json:"cause,omitempty"`
	Good      micros      `json:"good,omitempty"`      // when the latest success was sent
	Served    float64     `json:"served,omitempty"`    // requests of the last half minute, older ones count less
	ServedAt  micros      `json:"served_at,omitempty"` // until then
	Reference float64     `json:"reference,omitempty"` // per second, before the row
	ProbeAt   micros      `json:"probe_at,omitempty"`
	Since     micros      `json:"since,omitempty"` // of the ramp
	Row       int         `json:"row,omitempty"`   // failures in a row in it
	RowAt     micros      `json:"row_at,omitempty"`
	Touched   micros      `json:"touched,omitempty"`
}

// servedTime is how long requests that were served count.
const servedTime = 30 * time.Second

// see takes up what a process saw, and may grant it a probe.
func (o *boardOutage) see(now micros, process string, s Sight) View {
	o.Touched = now
	if s.Served > 0 {
		o.succeed(now, s)
	}
	if s.Failures > 0 {
		o.fail(now, process, s)
	}
	if o.State == Ramping && o.Since+asMicros(fullAfter) <= now {
		o.reset()
	}
	v := View{State: o.State}
	if o.State == Healthy {
		return v
	}
	if s.Probe && o.State.Holds() && o.ProbeAt <= now {
		v.Granted = true
		o.ProbeAt = now + o.interval(now)
	}
	v.Since, v.Failures, v.Cause, v.NextProbe = asDuration(now-o.First), o.Failures, o.Cause, asDuration(o.ProbeAt-now)
	return v
}

func (o *boardOutage) succeed(now micros, s Sight) {
	o.meter(now)
	o.Served += float64(s.Served)
	left := now - asMicros(s.Left)
	o.Good = max(o.Good, left)
	switch o.State {
	case Held:
		if left > o.First {
			o.State, o.Since, o.Row = Ramping, now, 0
		}
	case Ramping:
		o.Row = 0
	case Healthy, Suspect:
		if left > o.First { // it may be reported late
			o.reset()
		}
	}
}

// meter lets what was served before count less. It only multiplies and divides, as other languages
// round that in the same way.
func (o *boardOutage) meter(now micros) {
	o.Served *= max(1-float64(now-o.ServedAt)/float64(asMicros(servedTime)), 0)
	o.ServedAt = now
}

func (o *boardOutage) reset() {
	o.State, o.Failures, o.Calls, o.Elsewhere = Healthy, 0, nil, 0
}

func (o *boardOutage) fail(now micros, process string, s Sight) {
	first := now - asMicros(s.First)
	if o.State == Ramping && first < o.Since || o.State != Ramping && first < o.Good {
		return // they are late, and say nothing
	}
	if o.Failures == 0 {
		o.First, o.IsDown = first, true
		o.meter(now)
		o.Reference = o.Served / servedTime.Seconds()
	}
	o.First = min(o.First, first)
	o.Failures += s.Failures
	o.IsDown, o.Cause = o.IsDown && s.Unreachable, s.Cause
	if s.Elsewhere {
		o.Elsewhere = now + asMicros(LiveTime)
	}
	for _, call := range s.Calls {
		if call = process + call; len(o.Calls) < heldCalls && !slices.Contains(o.Calls, call) {
			o.Calls = append(o.Calls, call)
		}
	}
	switch o.State {
	case Healthy:
		if isSuspicious(o.Failures, len(o.Calls), o.IsDown) {
			o.State = Suspect
			o.ProbeAt = now + o.interval(now)
		}
		o.mayHold(now)
	case Suspect:
		o.mayHold(now)
	case Ramping:
		if o.Row == 0 {
			o.RowAt = first
		}
		if o.Row += s.Failures; o.Row >= broken && now-o.RowAt >= asMicros(brokenTime) {
			o.begin(now)
		}
	case Held:
	}
}

// mayHold begins to hold all calls if there were failures enough, of calls enough, for long enough.
func (o *boardOutage) mayHold(now micros) {
	long := asDuration(now - o.First)
	if o.State == Suspect && isOutage(o.Failures, len(o.Calls), o.IsDown, long) && o.Elsewhere <= now {
		o.begin(now)
	}
}

func (o *boardOutage) begin(now micros) {
	o.State = Held
	o.ProbeAt = now + o.interval(now)
}

// interval is outage.interval.
func (o *boardOutage) interval(now micros) micros {
	d := min(max((now-o.First)/10, 500_000), 10_000_000)
	if o.Reference > 0 {
		d = max(d, min(micros(2e6/o.Reference), 30_000_000))
	}
	return d
}

// isOld reports whether the outage can be forgotten.
func (o *boardOutage) isOld(now micros) bool { return o.Touched+asMicros(time.Hour) <= now }
