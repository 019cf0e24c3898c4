package policy

import "slices"

// Policy says what to do about each failure of one vendor's API. It is an immutable
// value: its With methods return changed copies, so clients and goroutines may share it.
// The zero Policy is Default().
type Policy struct {
	name      string // the vendor
	operator  []Rule
	vendor    []Rule            // sorted by Match.rank
	byCode    map[string][]Rule // those of vendor for a code
	others    []Rule            // those of vendor for a status or a class
	endpoints []Endpoint
	limits    []Limit
	retry     Retry
}

// Settings are the parts of a vendor's policy.
type Settings struct {
	// Name is the vendor's name, such as "rdstation". The names of its rules begin with
	// it, and an operator's file refers to it.
	Name string

	// Rules are consulted by code, then by status, then by class. Among rules of one
	// kind, narrower ones go first; among equals, the order decides.
	Rules []Rule

	// Endpoints are consulted in order: the first that matches decides.
	Endpoints []Endpoint

	Limits []Limit
	Retry  Retry
}

// Default returns the policy for an unknown API, which judges responses by status.
func Default() Policy { return Policy{} }

// New returns the policy of a vendor. The error lists everything that is wrong with s.
func New(s Settings) (Policy, error) {
	p := s.Unchecked()
	if err := p.Check(); err != nil {
		return Policy{}, err
	}
	return p, nil
}

// Unchecked returns the policy of s as New does, but without its checks. For tools that read
// settings from files: RuleProblems and Check then say what is wrong.
func (s Settings) Unchecked() Policy {
	p := Policy{name: s.Name, retry: s.Retry.clone(), vendor: slices.Grow([]Rule(nil), len(s.Rules))}
	for _, r := range s.Rules {
		p.vendor = append(p.vendor, r.clone().named(s.Name))
	}
	slices.SortStableFunc(p.vendor, func(a, b Rule) int { return a.When.rank() - b.When.rank() })
	for _, r := range p.vendor {
		if p.byCode == nil && isByCode(r) {
			p.byCode = map[string][]Rule{}
		}
		for _, code := range r.When.Codes {
			p.byCode[code] = append(p.byCode[code], r)
		}
		if !isByCode(r) {
			p.others = append(p.others, r)
		}
	}
	for _, e := range s.Endpoints {
		p.endpoints = append(p.endpoints, e.clone())
	}
	for _, l := range s.Limits {
		p.limits = append(p.limits, l.clone())
	}
	return p
}

// named returns r with a name. A rule without one is named after its match.
func (r Rule) named(owner string) Rule {
	if r.Name == "" {
		r.Name = owner + " " + r.When.String()
	}
	return r
}

// Name returns the name of the vendor, or "" for Default().
func (p Policy) Name() string { return p.name }

// With returns a copy of p in which rules go before all others, as an operator's rules
// do.
func (p Policy) With(rules ...Rule) Policy {
	var operator []Rule
	for _, r := range rules {
		operator = append(operator, r.clone().named("operator's"))
	}
	p.operator = append(operator, p.operator...)
	return p
}

// WithRetry returns a copy of p with the fields that are set in r.
func (p Policy) WithRetry(r Retry) Policy {
	p.retry = r.clone().withDefaults(p.retry)
	return p
}

// WithLimit returns a copy of p with l. It replaces the limit of the same name, if p has
// one.
func (p Policy) WithLimit(l Limit) Policy {
	others := slices.DeleteFunc(slices.Clone(p.limits), func(o Limit) bool { return o.Name == l.Name })
	p.limits = append(others, l.clone())
	return p
}

// Retry returns the bounds of a call. All fields are set, of Budget and Prices one.
func (p Policy) Retry() Retry { return p.retry.withDefaults(defaultRetry).clone() }
