package policy

import (
	"slices"

	apierrors "github.com/retrywise/retrywise/errors"
)

// An Endpoint overrides, for matching requests, whether the method is considered
// idempotent (RFC 9110, section 9.2.2): a PATCH that is an upsert may be repeated, a PUT
// that also sends a survey may not.
type Endpoint struct {
	// Methods are HTTP methods in upper case. Nil stands for all.
	Methods []string `yaml:"methods,nonempty"`

	// Paths are patterns as in Match.Paths. A segment in braces, such as {id}, is an asterisk
	// with a name for the templates of Lookup. Nil stands for all.
	Paths []string `yaml:"path,nonempty"`

	// Repeatable means that a request may be executed twice without harm.
	Repeatable bool `yaml:"repeatable,required"`

	// RepeatUnsafe allows retries although a request may then be executed twice. Only an
	// operator can know that this does no harm.
	RepeatUnsafe bool `yaml:"repeat_unsafe"`

	// Lookup is how to find out whether a request was executed. In files, its short form is a
	// text such as "GET /purchases/{id}". Nil means that nothing is known.
	Lookup *Lookup `yaml:"lookup"`
}

// mayRepeat reports whether a retry cannot execute a write twice, or an operator accepts
// that it may. Proof goes first, then the caller, the rule, the endpoint and the method.
func (p Policy) mayRepeat(r Rule, s State) bool {
	if valueOf(r.Applied) == apierrors.AppliedNo || s.HasKey || valueOf(r.RepeatUnsafe) {
		return true
	}
	return p.isRepeatable(s, r.RepeatUnsafe == nil)
}

// IsRepeatable reports whether executing a request twice does no harm, or an operator accepts
// that it may: the caller (State.Repeatable), the endpoint or the method says so. Of the state,
// it reads these alone: Method, Path and Repeatable. An idempotency key is another matter.
func (p Policy) IsRepeatable(s State) bool { return p.isRepeatable(s, true) }

// isRepeatable is IsRepeatable. acceptsUnsafe says whether Endpoint.RepeatUnsafe counts.
func (p Policy) isRepeatable(s State, acceptsUnsafe bool) bool {
	if s.Repeatable {
		return true
	}
	for _, e := range p.endpoints {
		switch {
		case !e.Covers(s.method(), s.Path):
			continue
		case e.Repeatable || !e.RepeatUnsafe:
			return e.Repeatable
		case acceptsUnsafe:
			return true
		}
	}
	return methods[s.method()] // of another method, nothing is known
}

// whyNotRepeat says why a request must not be sent twice. It is StopNone if it may.
func (p Policy) whyNotRepeat(r Rule, s State) apierrors.Stop {
	switch {
	case !p.mayRepeat(r, s):
		return apierrors.StopUnsafe
	case s.OneShotBody:
		return apierrors.StopBodySpent
	default:
		return apierrors.StopNone
	}
}

// Covers reports whether e is about requests of a method to a path; see Match.Paths.
func (e Endpoint) Covers(method, path string) bool {
	return matchesRequest(e.Methods, e.Paths, method, path)
}

// clone returns a copy of e that shares nothing with it.
func (e Endpoint) clone() Endpoint {
	e.Methods, e.Paths, e.Lookup = slices.Clone(e.Methods), slices.Clone(e.Paths), e.Lookup.clone()
	return e
}
