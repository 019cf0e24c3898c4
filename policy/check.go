package policy

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// Check returns everything that is wrong with p, or nil. New calls it. Call it after With,
// WithRetry and WithLimit.
func (p Policy) Check() error {
	var problems []error
	add := func(what string, texts []string) {
		for _, text := range texts {
			problems = append(problems, fmt.Errorf("policy: %s: %s", what, text))
		}
	}
	for _, r := range p.operator {
		add("rule "+r.Name, r.allProblems())
	}
	for _, r := range p.vendor {
		add("rule "+r.Name, append(r.allProblems(), r.kindProblems()...))
	}
	for _, e := range p.endpoints {
		add("endpoint "+strings.Join(e.Paths, "|"), e.Problems())
	}
	for _, l := range p.limits {
		add("limit "+l.Name, l.Problems())
	}
	add("retry", slices.Concat(p.retry.Problems(), p.retry.rangeProblems()))
	return errors.Join(problems...)
}

// Problems returns what is wrong with r, a sentence for each problem. For tools that read
// rules from files: it leaves out what the tags say.
func (r Rule) Problems() []string {
	problems := requestProblems(r.When.Methods, r.When.Paths)
	for _, word := range []encoding.TextMarshaler{r.Class, r.When.Class, r.Action, r.Fallback, r.Scope, valueOf(r.Applied)} {
		if _, err := word.MarshalText(); err != nil {
			problems = append(problems, err.Error())
		}
	}
	isOfBatches := r.Class == apierrors.Partial || r.When.Class == apierrors.Partial
	if isOfBatches && !slices.Contains(ofBatches, r.Action) {
		problems = append(problems, fmt.Sprintf("action %v: expected surface or fail_fast, as a batch of which a part may be done is not repeated", r.Action))
	}
	if !slices.Contains(fallbacks, r.Fallback) {
		problems = append(problems, fmt.Sprintf("fallback %v: expected retry, defer, surface or fail_fast", r.Fallback))
	}
	return slices.Concat(problems, r.Backoff.problems(), r.unusedKeys(r.ownActions()))
}

// allProblems returns everything that is wrong with r, whichever rules it stands among.
func (r Rule) allProblems() []string {
	problems := slices.Concat(r.Problems(), r.rangeProblems())
	for _, s := range r.When.Statuses {
		if !s.isValid() {
			problems = append(problems, fmt.Sprintf("status %v: expected a range within 200 to 999", s))
		}
	}
	if !r.hasEffect() {
		problems = append(problems, "has no effect")
	}
	return problems
}

// kindProblems returns a problem if r, as a rule of a vendor, is never consulted.
func (r Rule) kindProblems() []string {
	if isByCode(r) || isByStatus(r) || isByClass(r) {
		return nil
	}
	return []string{"when: expected a code, a status or a class: a vendor's rules are consulted by these"}
}

// hasEffect reports whether r says anything about the failures that it matches.
func (r Rule) hasEffect() bool {
	r.Name, r.When = "", Match{}
	return !reflect.ValueOf(r).IsZero()
}

// ofBatches are the actions for a batch of which a part may be done.
var ofBatches = []apierrors.Action{apierrors.ActionNone, apierrors.Surface, apierrors.FailFast}

// fallbacks are the actions that can replace another.
var fallbacks = []apierrors.Action{
	apierrors.ActionNone, apierrors.Retry, apierrors.Defer, apierrors.Surface, apierrors.FailFast,
}

// Problems returns what is wrong with e, a sentence for each problem. For tools that read
// endpoints from files.
func (e Endpoint) Problems() []string {
	return slices.Concat(requestProblems(e.Methods, e.Paths), e.lookupProblems())
}

// Problems returns what is wrong with r, a sentence for each problem. For tools that read
// it from files: it leaves out what the tags say.
func (r Retry) Problems() []string {
	return slices.Concat(r.Backoff.problems(), r.Prices.problems(r.Budget))
}

// rangeProblems returns what the tags of r say about numbers.
func (r Rule) rangeProblems() []string {
	return slices.Concat(
		notNegative("max_attempts", r.MaxAttempts),
		notNegative("max_elapsed", r.MaxElapsed),
		notNegative("after", r.After),
		notNegative("escalate_after", valueOf(r.EscalateAfter)),
		r.Backoff.rangeProblems(),
	)
}

// rangeProblems returns what the tags of r say about numbers.
func (r Retry) rangeProblems() []string {
	return slices.Concat(
		notNegative("max_attempts", r.MaxAttempts),
		notNegative("max_elapsed", r.MaxElapsed),
		notNegative("max_wait", valueOf(r.MaxWait)),
		notNegative("attempt_timeout", r.AttemptTimeout),
		notNegative("stall_timeout", valueOf(r.StallTimeout)),
		notNegative("read_ahead", valueOf(r.ReadAhead)),
		notNegative("budget", valueOf(r.Budget)),
		r.Prices.rangeProblems(),
		notNegative("escalate_after", valueOf(r.EscalateAfter)),
		r.Backoff.rangeProblems(),
	)
}

// problems returns what is wrong with the relation of base and cap.
func (b Backoff) problems() []string {
	if b.Base > 0 && b.Cap > 0 && b.Cap < b.Base {
		return []string{fmt.Sprintf("backoff: expected a cap of at least the base; got %v and %v", b.Cap, b.Base)}
	}
	return nil
}

// rangeProblems returns what the tags of b say about numbers.
func (b Backoff) rangeProblems() []string {
	if b != (Backoff{}) && (b.Base <= 0 || b.Cap <= 0) {
		return []string{fmt.Sprintf("backoff: expected a base and a cap above zero; got %v and %v", b.Base, b.Cap)}
	}
	return nil
}

// notNegative returns a problem if v, the value of key, is below zero.
func notNegative[T int | time.Duration](key string, v T) []string {
	if v >= 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s: expected zero or more; got %v", key, v)}
}

// requestProblems returns what is wrong with criteria for requests.
func requestProblems(methods, patterns []string) []string {
	var problems []string
	for _, m := range methods {
		switch near := nearestMethod(m); {
		case m == "" || m != strings.ToUpper(m):
			problems = append(problems, fmt.Sprintf("method %q: expected upper case", m))
		case near != "" && near != m:
			problems = append(problems, fmt.Sprintf("unknown method %q; did you mean %q?", m, near))
		}
	}
	for _, pattern := range patterns {
		if problem := patternProblem(pattern); problem != "" {
			problems = append(problems, problem)
		}
	}
	return problems
}
