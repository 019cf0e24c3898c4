package policy

import "time"

// Retry bounds the retries of a call.
//
// A field at its zero value is unset and has the default. Fields whose zero value means
// something are pointers, and unset if nil.
type Retry struct {
	// MaxAttempts is how often a call may be sent, the first time included. Attempts that
	// were throttled, or that renewed the token, do not count. One means one attempt,
	// whatever it meets. Default 4.
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

	// AttemptTimeout bounds one attempt. It begins anew with each part of the request
	// that is written, and ends when the headers of the response are read; if the client
	// also reads the body, it ends after that. An attempt that fetches the first token
	// does so within this time. Default 60 seconds.
	AttemptTimeout time.Duration `yaml:"attempt_timeout,positive"`

	// Budget is how many retries all calls with one credential may make together while
	// none succeeds. Each successful call, or record that the vendor refused, returns 0.2
	// of a retry, up to ten times Budget. Waiting for a limit costs nothing. Zero means
	// no retries. Default 10.
	Budget *int `yaml:"budget,nonnegative"`

	// EscalateAfter turns a surfaced failure into fail_fast after this many surfaced
	// failures in a row with the same code: then the fault is in every record, such as a
	// wrong column. Failures without a code do not count, and a successful call resets
	// the count. Zero means never, which is the default.
	EscalateAfter *int `yaml:"escalate_after,nonnegative"`
}

// defaultRetry has the defaults of all fields.
var defaultRetry = Retry{
	MaxAttempts:    4,
	Backoff:        Backoff{Base: 500 * time.Millisecond, Cap: 20 * time.Second},
	MaxElapsed:     2 * time.Minute,
	MaxWait:        new(time.Minute),
	AttemptTimeout: time.Minute,
	Budget:         new(10),
	EscalateAfter:  new(0),
}

// withDefaults returns r with its unset fields taken from d.
func (r Retry) withDefaults(d Retry) Retry {
	setDefault(&r.MaxAttempts, d.MaxAttempts)
	setDefault(&r.Backoff, d.Backoff)
	setDefault(&r.MaxElapsed, d.MaxElapsed)
	setDefault(&r.MaxWait, d.MaxWait)
	setDefault(&r.AttemptTimeout, d.AttemptTimeout)
	setDefault(&r.Budget, d.Budget)
	setDefault(&r.EscalateAfter, d.EscalateAfter)
	return r
}

// clone returns a copy of r that shares nothing with it.
func (r Retry) clone() Retry {
	r.MaxWait, r.Budget, r.EscalateAfter = clone(r.MaxWait), clone(r.Budget), clone(r.EscalateAfter)
	return r
}

// bounds returns the bounds for failures that r is about. All fields are set.
func (p Policy) bounds(r Rule) Retry {
	ofRule := Retry{MaxAttempts: r.MaxAttempts, Backoff: r.Backoff, MaxElapsed: r.MaxElapsed, EscalateAfter: r.EscalateAfter}
	return ofRule.withDefaults(p.retry).withDefaults(defaultRetry)
}
