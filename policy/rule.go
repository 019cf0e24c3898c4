package policy

import (
	"cmp"
	"slices"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A Rule says what to do about the failures that match When.
//
// A field at its zero value is unset: the next rule decides (see the package
// documentation for their order). Fields whose zero value means something are pointers,
// and unset if nil. The tags are the keys in files.
type Rule struct {
	// Name appears in Decision.Rule. If it is empty, a name is made of When.
	Name string `yaml:"name,nonempty"`

	// When selects the failures that the rule is for.
	When Match `yaml:"when"`

	// Class is what the failure means.
	Class apierrors.Class `yaml:"class"`

	// Action is what to do about it.
	Action apierrors.Action `yaml:"action"`

	// Fallback is the action if Action is not possible: if a call without a Shrink hook
	// is to be shrunk, or a call without attempts left is to be retried. It is Retry,
	// Defer, Surface or FailFast.
	Fallback apierrors.Action `yaml:"fallback,was=otherwise"`

	// Applied says whether the vendor executed the request. If Failure.Class is set,
	// Failure.Applied says it instead, and a rule can only replace that by AppliedUnknown.
	// A vendor's rule for a class says it of statuses of 4xx and 5xx; see Failure.Refused.
	Applied *apierrors.Applied `yaml:"applied"`

	// Scope says which calls the failure concerns.
	Scope apierrors.Scope `yaml:"scope"`

	// Summary is the text for a code in the vendor's documents. It is printed, so it must
	// not hold personal data.
	Summary string `yaml:"summary,nonempty,was=text"`

	// Hint says who has to do what.
	Hint string `yaml:"hint,nonempty"`

	// MaxAttempts, Backoff, MaxElapsed and EscalateAfter replace those of Retry.
	MaxAttempts   int           `yaml:"max_attempts,positive"`
	Backoff       Backoff       `yaml:"backoff"`
	MaxElapsed    time.Duration `yaml:"max_elapsed,positive"`
	EscalateAfter *int          `yaml:"escalate_after,nonnegative"`

	// After is the wait of the actions Throttle and Defer if the response has none.
	After time.Duration `yaml:"after,positive"`

	// AcceptAfterUnknown accepts the failure if an earlier attempt of the same call may
	// have been executed.
	AcceptAfterUnknown *bool `yaml:"accept_after_unknown"`

	// AcceptAfterCodes accepts the failure if an earlier attempt of the same call failed
	// with one of these codes. Nil leaves it to the next rule, and an empty list switches
	// it off.
	AcceptAfterCodes []string `yaml:"accept_after_codes,explicit"`

	// RepeatUnsafe allows the retry of a write that may have been executed, although the
	// vendor may then execute it twice. Only an operator can know that this does no harm. If
	// it is set, Endpoint.RepeatUnsafe is ignored.
	RepeatUnsafe *bool `yaml:"repeat_unsafe"`
}

// withDefaults returns r with its unset fields taken from d. If the two have different
// classes, d is about another failure, and only its texts are taken.
func (r Rule) withDefaults(d Rule) Rule {
	sameClass := r.Class == apierrors.None || d.Class == apierrors.None || r.Class == d.Class
	setDefault(&r.Name, d.Name)
	setDefault(&r.Summary, d.Summary)
	setDefault(&r.Hint, d.Hint)
	if !sameClass {
		return r
	}
	setDefault(&r.Class, d.Class)
	setDefault(&r.Action, d.Action)
	setDefault(&r.Fallback, d.Fallback)
	setDefault(&r.Applied, d.Applied)
	setDefault(&r.Scope, d.Scope)
	setDefault(&r.MaxAttempts, d.MaxAttempts)
	setDefault(&r.Backoff, d.Backoff)
	setDefault(&r.MaxElapsed, d.MaxElapsed)
	setDefault(&r.EscalateAfter, d.EscalateAfter)
	setDefault(&r.After, d.After)
	setDefault(&r.AcceptAfterUnknown, d.AcceptAfterUnknown)
	if r.AcceptAfterCodes == nil {
		r.AcceptAfterCodes = d.AcceptAfterCodes
	}
	setDefault(&r.RepeatUnsafe, d.RepeatUnsafe)
	return r
}

// clone returns a copy of r that shares nothing with it.
func (r Rule) clone() Rule {
	r.When = r.When.clone()
	r.Applied = clone(r.Applied)
	r.EscalateAfter = clone(r.EscalateAfter)
	r.AcceptAfterUnknown = clone(r.AcceptAfterUnknown)
	r.AcceptAfterCodes = slices.Clone(r.AcceptAfterCodes)
	r.RepeatUnsafe = clone(r.RepeatUnsafe)
	return r
}

// setDefault sets v to d if v is unset.
func setDefault[T comparable](v *T, d T) { *v = cmp.Or(*v, d) }

// valueOf returns what p points to, or the zero value if p is nil.
func valueOf[T any](p *T) T {
	var v T
	if p != nil {
		v = *p
	}
	return v
}

// clone returns a pointer to a copy of what p points to, or nil if p is nil.
func clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	return new(*p)
}
