package policy

import "time"

// Retry bounds the retries of a call.
//
// A field at its zero value is unset and has the default. Fields whose zero value means
// something are pointers, and unset if nil.
type Retry struct {
	// MaxAttempts is how many requests a call may make. Those that were throttled, or that
	// met an expired token, do not count, except that 1 means a single request even then.
	// At most 10 requests of a call are throttled. Default 4.
	MaxAttempts int `yaml:"max_attempts,positive"`

	// Backoff is the wait before a retry if the response has none. Default 500 ms,
	// doubling to 20 s.
	Backoff Backoff `yaml:"backoff"`

	// MaxElapsed is how long after its first attempt a call may be retried. Waits that
	// the vendor or a limit imposed do not count. Default 2 minutes.
	MaxElapsed time.Duration `yaml:"max_elapsed,positive"`

	// MaxWait bounds the sum of all waits of a call: backoff, pauses and rate limits.
	// Zero means that a call never waits. Default 60 seconds.
	MaxWait *time.Duration `yaml:"max_wait,nonnegative"`

	// AttemptTimeout bounds an attempt: from the last read of the request body until the
	// response headers have arrived or, if the client itself reads the response, until it
	// has done so. The fetch of a first token is part of it. Default 60 seconds.
	AttemptTimeout time.Duration `yaml:"attempt_timeout,positive"`

	// StallTimeout ends a response that is being read if its next bytes do not come for so
	// long. Zero means never. It does not apply to a text/event-stream. Default 30 seconds.
	StallTimeout *time.Duration `yaml:"stall_timeout,nonnegative"`

	// ReadAhead is how many bytes of the response to a GET are read before Send and HTTP
	// return it. If the body breaks off within them, the GET is retried. They are kept in
	// memory. Zero, the default, means that the response is a stream from its first byte.
	ReadAhead *int `yaml:"read_ahead,nonnegative"`

	// Budget is how many retries all calls of one account may make together while none
	// succeeds. A retry that succeeds is returned, and every five other calls that succeed,
	// or whose record is refused, earn one; at most 10 × Budget are saved. Waiting for a
	// limit costs nothing. Zero means no retries. Default 10, unless Prices are set.
	Budget *int `yaml:"budget,nonnegative"`

	// Prices replace Budget, for a budget that works in another way. A policy has only one of the
	// two, that which was set last.
	Prices Prices `yaml:"prices"`

	// Outage is what calls do while the vendor does nothing but fail: they wait for its end, as
	// far as MaxWait and their deadline allow, or are deferred at once. One request at a time
	// finds out whether the outage is over. Default OutageWait.
	Outage OutageMode `yaml:"outage"`

	// EscalateAfter turns a surfaced failure into fail_fast after this many surfaced
	// failures in a row with the same code: then the fault is in every record, such as a
	// wrong column. A successful call, and a surfaced failure without a code, reset the
	// count. Zero means never, which is the default.
	EscalateAfter *int `yaml:"escalate_after,nonnegative"`
}

// defaultRetry has the defaults of all fields.
var defaultRetry = Retry{
	MaxAttempts:    4,
	Backoff:        Backoff{Base: 500 * time.Millisecond, Cap: 20 * time.Second},
	MaxElapsed:     2 * time.Minute,
	MaxWait:        new(time.Minute),
	AttemptTimeout: time.Minute,
	StallTimeout:   new(30 * time.Second),
	ReadAhead:      new(0),
	Budget:         new(10),
	EscalateAfter:  new(0),
	Outage:         OutageWait,
}

// ForJobs returns the bounds for calls of a job engine, which runs a job again by itself: two
// requests for each call and 5 seconds of waits, and no waiting in an outage. Otherwise retries
// multiply, and a job that waits keeps a worker from others. See Policy.WithRetry.
func ForJobs() Retry {
	return Retry{MaxAttempts: 2, MaxWait: new(5 * time.Second), MaxElapsed: 30 * time.Second, Outage: OutageDefer}
}

// withDefaults returns r with its unset fields taken from d.
func (r Retry) withDefaults(d Retry) Retry {
	setDefault(&r.MaxAttempts, d.MaxAttempts)
	setDefault(&r.Backoff, d.Backoff)
	setDefault(&r.MaxElapsed, d.MaxElapsed)
	setDefault(&r.MaxWait, d.MaxWait)
	setDefault(&r.AttemptTimeout, d.AttemptTimeout)
	setDefault(&r.StallTimeout, d.StallTimeout)
	setDefault(&r.ReadAhead, d.ReadAhead)
	if r.Budget == nil && r.Prices == (Prices{}) {
		r.Budget, r.Prices = d.Budget, d.Prices
	}
	setDefault(&r.EscalateAfter, d.EscalateAfter)
	setDefault(&r.Outage, d.Outage)
	return r
}

// BudgetPrices returns the prices of the budget: Prices or, if they are not set, those of a budget
// of Budget retries.
func (r Retry) BudgetPrices() Prices {
	if r.Prices == (Prices{}) {
		return pricesOf(valueOf(r.Budget))
	}
	return r.Prices
}

// clone returns a copy of r that shares nothing with it.
func (r Retry) clone() Retry {
	r.MaxWait, r.Budget, r.EscalateAfter = clone(r.MaxWait), clone(r.Budget), clone(r.EscalateAfter)
	r.StallTimeout, r.ReadAhead = clone(r.StallTimeout), clone(r.ReadAhead)
	return r
}

// bounds returns the bounds for failures that r is about. All fields are set.
func (p Policy) bounds(r Rule) Retry {
	ofRule := Retry{MaxAttempts: r.MaxAttempts, Backoff: r.Backoff, MaxElapsed: r.MaxElapsed, EscalateAfter: r.EscalateAfter}
	return ofRule.withDefaults(p.retry).withDefaults(defaultRetry)
}
