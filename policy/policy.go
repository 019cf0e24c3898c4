package policy

import (
	"fmt"
	"slices"
	"time"
)

// Retry bounds one call. A field at its zero value takes the default.
type Retry struct {
	MaxAttempts int           `yaml:"max_attempts"` // sends in all, the first included; those that were throttled or refused for their token do not count; default 4
	Backoff     Backoff       `yaml:"backoff"`      // default 500 ms doubling to 20 s
	MaxElapsed  time.Duration `yaml:"max_elapsed"`  // time for trying, without the waits that the vendor or a limit imposes; default 2 min
	MaxWait     time.Duration `yaml:"max_wait"`     // sum of all waits of one call: back-off, gates, limits; default 60 s

	// AttemptTimeout runs from when the request last went on to the headers of the
	// answer, and to the end of what is read here. The first token is fetched within it.
	// Default 60 s.
	AttemptTimeout time.Duration `yaml:"attempt_timeout"`

	// Budget is how many retries all calls with one credential may make while the vendor
	// only fails. A call that succeeds, or whose record is surfaced, pays for a fifth of
	// another; ten times the budget can be saved up. Waiting out a limit costs nothing.
	// Default 10.
	Budget int `yaml:"budget"`

	// EscalateAfter turns a surfaced failure into fail_fast when so many calls in a row
	// were surfaced with the same code before it, and none succeeded between: a column
	// that is wrong in every record is a matter for the job. Failures without a code do
	// not count. It holds until a call of the client succeeds. Default 0: never.
	EscalateAfter int `yaml:"escalate_after"`
}

// defaultRetry is what a zero Retry stands for.
var defaultRetry = Retry{
	MaxAttempts:    4,
	Backoff:        Backoff{Base: 500 * time.Millisecond, Cap: 20 * time.Second},
	MaxElapsed:     2 * time.Minute,
	MaxWait:        time.Minute,
	AttemptTimeout: time.Minute,
	Budget:         10,
}

// Policy says what to do about each failure. It is an immutable value: its With
// methods return changed copies, so it may be shared by clients and goroutines.
// The zero Policy is Default().
type Policy struct {
	name      string // the vendor
	operator  []Rule
	vendor    []Rule // by code, then by status, then by class
	endpoints []Endpoint
	limits    []Limit
	retry     Retry
}

// Settings are the parts of a vendor's policy.
type Settings struct {
	Name      string // the vendor; a decision's Rule begins with it
	Rules     []Rule
	Endpoints []Endpoint // the first that matches speaks
	Limits    []Limit
	Retry     Retry
}

// Default returns the policy for an API that nothing is known about: judged by status.
func Default() Policy { return Policy{} }

// New returns the policy of a vendor, or everything that is wrong with s.
func New(s Settings) (Policy, error) {
	p := Policy{name: s.Name, retry: s.Retry, endpoints: slices.Clone(s.Endpoints), limits: slices.Clone(s.Limits)}
	for _, r := range s.Rules {
		if r.Name == "" {
			r.Name = fmt.Sprintf("%s %v", s.Name, r.When)
		}
		p.vendor = append(p.vendor, r)
	}
	slices.SortStableFunc(p.vendor, func(a, b Rule) int { return a.When.rank() - b.When.rank() })
	if err := p.Check(); err != nil {
		return Policy{}, err
	}
	return p, nil
}

// With returns a copy of p with rules in front of all others: an operator's rules.
func (p Policy) With(rules ...Rule) Policy {
	named := slices.Clone(rules)
	for i, r := range named {
		if r.Name == "" {
			named[i].Name = fmt.Sprintf("operator's %v", r.When)
		}
	}
	p.operator = append(named, p.operator...)
	return p
}

// WithRetry returns a copy of p with the bounds that r sets; its zero fields change nothing.
func (p Policy) WithRetry(r Retry) Policy {
	p.retry = r.over(p.retry)
	return p
}

// WithLimit returns a copy of p with l, in place of the limit of the same name if
// there is one.
func (p Policy) WithLimit(l Limit) Policy {
	others := slices.DeleteFunc(slices.Clone(p.limits), func(o Limit) bool { return o.Name == l.Name })
	p.limits = append(others, l)
	return p
}

// Retry returns the bounds of one call, without zero fields.
func (p Policy) Retry() Retry { return p.retry.over(defaultRetry) }

// over returns r with its zero fields filled from below.
func (r Retry) over(below Retry) Retry {
	fill(&r.MaxAttempts, below.MaxAttempts)
	fill(&r.Backoff, below.Backoff)
	fill(&r.MaxElapsed, below.MaxElapsed)
	fill(&r.MaxWait, below.MaxWait)
	fill(&r.AttemptTimeout, below.AttemptTimeout)
	fill(&r.Budget, below.Budget)
	fill(&r.EscalateAfter, below.EscalateAfter)
	return r
}

// rank sorts a vendor's rules: by code, by status, by class; the narrower first.
func (m Match) rank() int {
	rank := 4
	switch {
	case len(m.Codes) > 0:
		rank = 0
	case len(m.Statuses) > 0:
		rank = 2
	}
	if len(m.Methods) == 0 && len(m.Paths) == 0 && !m.HasWait {
		rank++
	}
	return rank
}
