package main

import (
	"fmt"
	"time"
)

// An outageRow is what one peer reached in one run of an outage.
type outageRow struct {
	Scenario string `json:"scenario"`
	Peer     string `json:"peer"`

	// Calls ended within the job, and FailedCalls of them with an error.
	Calls       int `json:"calls"`
	FailedCalls int `json:"failed_calls"`

	// Requests are those of the whole job, and RequestsInOutage those that the vendor got while
	// it was down.
	Requests         int `json:"requests"`
	RequestsInOutage int `json:"requests_in_outage"`

	// Amplification is Requests, divided by Calls.
	Amplification float64 `json:"amplification"`

	// RecoverySeconds is the time from the end of the outage to the first quarter of a second in
	// which 95% of what was served on average before it is served again. nil: there was no
	// outage, or none in time.
	RecoverySeconds *float64 `json:"recovery_seconds,omitempty"`

	// ServedInOutage is what was served in the outage, of what was served in the same time before.
	ServedInOutage float64 `json:"served_in_outage"`
}

// row counts what a job reached.
func (v *failing) row(p peer, calls []finished) outageRow {
	v.mu.Lock()
	defer v.mu.Unlock()
	r := outageRow{Scenario: v.name, Peer: p.name, Calls: len(calls), Requests: len(v.requests)}
	for _, c := range calls {
		if !c.ok {
			r.FailedCalls++
		}
	}
	r.Amplification = float64(r.Requests) / float64(max(r.Calls, 1))
	if v.until == 0 {
		return r
	}
	r.RequestsInOutage = between(v.requests, v.from, v.until)
	const quarter = 250 * time.Millisecond
	settled := v.from / 2 // until then, connections are opened
	before := float64(between(v.served, settled, v.from)) / float64(v.from-settled)
	r.ServedInOutage = float64(between(v.served, v.from, v.until)) / float64(v.until-v.from) / before
	for at := v.until; at+quarter <= v.lasts; at += quarter {
		if float64(between(v.served, at, at+quarter)) >= 0.95*before*float64(quarter) {
			r.RecoverySeconds = new((at + quarter - v.until).Seconds())
			break
		}
	}
	return r
}

// between counts the times in a period.
func between(times []time.Duration, from, until time.Duration) (n int) {
	for _, at := range times {
		if at >= from && at < until {
			n++
		}
	}
	return n
}

func (r outageRow) layout() string {
	return "%-16v  %-16v  %7v  %12v  %8v  %18v  %13v  %16v  %16v"
}

func (r outageRow) columns() []any {
	return []any{"scenario", "peer", "calls", "failed_calls", "requests", "requests_in_outage", "amplification", "recovery_seconds", "served_in_outage"}
}

func (r outageRow) cells() []any {
	recovery := ""
	if r.RecoverySeconds != nil {
		recovery = fmt.Sprintf("%.2f", *r.RecoverySeconds)
	}
	return []any{
		r.Scenario, r.Peer, r.Calls, r.FailedCalls, r.Requests, r.RequestsInOutage,
		fmt.Sprintf("%.3f", r.Amplification), recovery, fmt.Sprintf("%.3f", r.ServedInOutage),
	}
}
