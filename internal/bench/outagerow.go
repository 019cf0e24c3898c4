package main

import "time"

// An outageRow is what one peer reached in one run of an outage or a brown-out.
type outageRow struct {
	title

	// RequestsInOutage counts the requests that met the outage; those for an endpoint that works
	// do not. If connections are refused, no request arrives: these count instead.
	RequestsInOutage int `json:"requests_in_outage"`

	// Calls counts the calls of the client, and CallsInOutage those that met the outage: see
	// outage.meets. A call that is deferred counts again when it runs again.
	Calls         int `json:"calls"`
	CallsInOutage int `json:"calls_in_outage"`

	// Amplification is RequestsInOutage / CallsInOutage.
	Amplification float64 `json:"amplification"`

	// RecoverySeconds is the time from the end of the outage to the end of the first 250 ms
	// with 95% of the successes before. nil: it never came so far, or it is a brown-out.
	RecoverySeconds *float64 `json:"recovery_seconds,omitempty"`

	// OK, FailedCalls and Deferred are how calls ended: with a success, with an error for good,
	// with an error and a time at which they ran again. The rest had not ended at the end.
	OK          int `json:"ok"`
	FailedCalls int `json:"failed_calls"`
	Deferred    int `json:"deferred"`

	// ServedInOutage is the rate of successes in the outage, divided by that before. nil:
	// everything failed in the outage.
	ServedInOutage *float64 `json:"served_in_outage,omitempty"`

	// OfAllowed is what the vendor served in a slow return, divided by what it would have
	// served from the first success on. nil: the return was not slow.
	OfAllowed *float64 `json:"of_allowed,omitempty"`

	// Seconds is the time that the calls took.
	Seconds float64 `json:"seconds"`

	// CutOff says that the calls of a brown-out did not end within a minute.
	CutOff bool `json:"cut_off,omitempty"`
}

func newOutageRow(o outage, p peer, calls []call, v *outageVendor) *outageRow {
	r := &outageRow{title: title{o.name, p.name}, Calls: len(calls), Seconds: o.total.Seconds()}
	r.OK, r.FailedCalls, r.Deferred = countEnds(calls)
	for _, c := range calls {
		if o.meets(c) {
			r.CallsInOutage++
		}
	}
	r.amplified(v.requests())
	before := successRate(calls, o.before())
	if len(o.paths) > 1 && before > 0 {
		r.ServedInOutage = new(successRate(calls, o.down) / before)
	}
	r.RecoverySeconds = recovery(calls, before, span{o.down.to, o.total})
	r.OfAllowed = v.ofAllowed()
	return r
}

// amplified sets the requests in the outage, after its calls were counted.
func (r *outageRow) amplified(requests int) {
	r.RequestsInOutage = requests
	r.Amplification = float64(requests) / float64(max(r.CallsInOutage, 1))
}

// successRate returns how many calls succeeded in a second of s.
func successRate(calls []call, s span) float64 {
	n := 0
	for _, c := range calls {
		if c.end == succeeded && s.has(c.ran.to) {
			n++
		}
	}
	return float64(n) / s.length().Seconds()
}

// recovery returns the seconds from the start of after to the end of the first 250 ms that have
// 95% of the successes before. nil: there are none.
func recovery(calls []call, before float64, after span) *float64 {
	const step = 250 * time.Millisecond
	for b := (span{after.from, after.from + step}); b.to <= after.to; b = (span{b.to, b.to + step}) {
		if before > 0 && successRate(calls, b) >= 0.95*before {
			return new((b.to - after.from).Seconds())
		}
	}
	return nil
}

func (r *outageRow) columns() []column {
	return []column{
		count("requests_in_outage", r.RequestsInOutage), count("calls", r.Calls), count("calls_in_outage", r.CallsInOutage),
		decimal("amplification", 2, r.Amplification), maybe("recovery_seconds", 2, r.RecoverySeconds), count("ok", r.OK),
		count("failed_calls", r.FailedCalls), count("deferred", r.Deferred), maybe("served_in_outage", 3, r.ServedInOutage),
		maybe("of_allowed", 3, r.OfAllowed), decimal("seconds", 2, r.Seconds), note(r.CutOff),
	}
}

func (r *outageRow) order() float64 { return float64(r.RequestsInOutage) }
