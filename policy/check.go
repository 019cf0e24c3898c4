package policy

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
)

// Check returns everything that is wrong with p, or nil. New calls it; call it after
// the With methods.
func (p Policy) Check() error {
	var problems []error
	add := func(what string, texts []string) {
		for _, text := range texts {
			problems = append(problems, fmt.Errorf("policy: %s: %s", what, text))
		}
	}
	for _, r := range slices.Concat(p.operator, p.vendor) {
		add("rule "+r.Name, r.Problems())
	}
	for _, e := range p.endpoints {
		add("endpoint "+strings.Join(e.Paths, "|"), e.Problems())
	}
	for _, l := range p.limits {
		add("limit "+l.Name, l.Problems())
	}
	add("retry", p.retry.Problems())
	return errors.Join(problems...)
}

// Problems returns what is wrong with r, a sentence each.
func (r Rule) Problems() []string {
	problems := requestProblems(r.When.Methods, r.When.Paths)
	if r.MaxAttempts < 0 || r.MaxElapsed < 0 || r.After < 0 || r.EscalateAfter < 0 {
		problems = append(problems, "expected no negative number")
	}
	if int(max(r.Class, r.When.Class)) >= len(classRules) || int(r.Action) >= len(gravity) {
		problems = append(problems, "expected a class and an action of their sets")
	}
	if !slices.Contains(lastResorts, r.Fallback) {
		problems = append(problems, fmt.Sprintf("otherwise %v: expected retry, defer, surface or fail_fast", r.Fallback))
	}
	return append(problems, r.Backoff.problems()...)
}

// lastResorts are the actions that can stand in for another.
var lastResorts = []apierrors.Action{
	apierrors.ActionNone, apierrors.Retry, apierrors.Defer, apierrors.Surface, apierrors.FailFast,
}

// Problems returns what is wrong with e, a sentence each.
func (e Endpoint) Problems() []string { return requestProblems(e.Methods, e.Paths) }

// Problems returns what is wrong with l, a sentence each.
func (l Limit) Problems() []string {
	problems := requestProblems(l.Methods, l.Paths)
	if l.Name == "" || l.Rate.Count <= 0 || l.Rate.Per <= 0 || l.Burst < 0 {
		problems = append(problems, "expected a name, a rate above zero and no negative burst")
	}
	return append(problems, scopeProblems(l.Scope)...)
}

// scopeProblems checks the scope of a limit.
func scopeProblems(s apierrors.Scope) []string {
	if s == apierrors.ScopeAccount || s == apierrors.ScopeRecord {
		return nil
	}
	return []string{fmt.Sprintf("scope %v: expected account or record", s)}
}

// Problems returns what is wrong with r, a sentence each.
func (r Retry) Problems() []string {
	var problems []string
	if r.MaxAttempts < 0 || r.MaxElapsed < 0 || r.MaxWait < 0 || r.AttemptTimeout < 0 || r.Budget < 0 || r.EscalateAfter < 0 {
		problems = append(problems, "expected no negative number")
	}
	return append(problems, r.Backoff.problems()...)
}

func (b Backoff) problems() []string {
	if b != (Backoff{}) && (b.Base <= 0 || b.Cap < b.Base) {
		return []string{"back-off: expected a base above zero, and a cap of at least the base"}
	}
	return nil
}

// requestProblems checks what narrows something to some requests.
func requestProblems(methods, patterns []string) []string {
	var problems []string
	for _, m := range methods {
		if m == "" || m != strings.ToUpper(m) {
			problems = append(problems, fmt.Sprintf("method %q: expected capital letters", m))
		}
	}
	for _, pattern := range patterns {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" || pattern[0] != '/' {
			problems = append(problems, fmt.Sprintf("path %q: expected a pattern that begins with /, where * is one segment", pattern))
		}
	}
	return problems
}
