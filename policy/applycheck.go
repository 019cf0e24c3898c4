package policy

import (
	"cmp"
	"fmt"
	"slices"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/yamlfile"
)

// ruleProblems returns what is wrong with the rules of s for p, to which s is applied already.
// The rules of the defaults are for all vendors, so they may have what only some can meet.
func (s section) ruleProblems(p Policy, isDefaults bool) yamlfile.Problems {
	var problems yamlfile.Problems
	for _, r := range s.Rules {
		if !isDefaults {
			problems.ReportAll(r.At, slices.Concat(p.codeProblems(r.Rule), p.conditionProblems(r.When), p.unusedKeys(r.Rule)))
		}
		if isRetry := r.Action == apierrors.Retry || r.Action == apierrors.Shrink; isRetry && r.RepeatUnsafe == nil && !p.canRepeat(r.Rule) {
			problems.Report(r.At, "%v has no effect for %v: a write that may have been executed is not repeated; "+
				"add repeat_unsafe: true to repeat it all the same, or false to repeat it only with a key or CallOptions.Repeatable", r.Action, r.When)
		}
	}
	return problems
}

// codeProblems returns what is wrong with the codes of r, an operator's rule: a sentence for
// each. A code that the vendor's data does not have is a mistake, unless r says what it means.
func (p Policy) codeProblems(r Rule) []string {
	if len(p.byCode) == 0 {
		return nil
	}
	problems := p.unknownCodes("accept_after_codes", r.AcceptAfterCodes)
	p.operator = nil
	if r.Class == apierrors.None {
		for _, text := range p.unknownCodes("code", r.When.Codes) {
			problems = append(problems, text+" (a new one needs a class)")
		}
	}
	return append(problems, p.classProblems(r.When)...)
}

// conditionProblems returns the conditions of m that no rule of the vendor has, a sentence for each.
func (p Policy) conditionProblems(m Match) []string {
	var known, problems []string
	for _, r := range p.vendor {
		known = append(known, r.When.Conditions...)
	}
	for _, condition := range m.Conditions {
		if !slices.Contains(known, condition) {
			problems = append(problems, fmt.Sprintf("unknown condition %q%s: expected one of a rule of the vendor", condition, yamlfile.Suggest(condition, known)))
		}
	}
	return problems
}

// classProblems returns the codes of m whose class is never that of m, a sentence for each.
func (p Policy) classProblems(m Match) []string {
	var problems []string
	for _, code := range m.Codes {
		rules := p.byCode[code]
		hasClass := func(r Rule) bool { return r.Class == m.Class }
		if m.Class != apierrors.None && len(rules) > 0 && !slices.ContainsFunc(rules, hasClass) {
			problems = append(problems, fmt.Sprintf("code %s has class %v, and never %v", code, rules[0].Class, m.Class))
		}
	}
	return problems
}

// canRepeat reports whether some failure that r is for can be repeated. A write that may have
// been executed cannot. Of a range of statuses, the first stands for all.
func (p Policy) canRepeat(r Rule) bool {
	failures, states := p.failuresOf(r), p.statesOf(r.When)
	r.When = Match{}
	p.operator = []Rule{r}
	for _, f := range failures {
		for _, s := range states {
			if p.mayRepeat(p.ruleFor(f, codesOf(f)[0], s), s) {
				return true
			}
		}
	}
	return len(failures) == 0 || len(states) == 0
}

// failuresOf returns failures that r is for, or none if some may prove that nothing was sent:
// those without a response, or of any kind.
func (p Policy) failuresOf(r Rule) []Failure {
	var failures []Failure
	m := r.When
	for _, s := range m.Statuses {
		failures = append(failures, Failure{Status: s.From})
	}
	switch {
	case len(failures) > 0:
	case len(m.Codes) > 0:
		failures = []Failure{{Status: 400}}
	case m.Class != apierrors.None && m.Class != apierrors.Network && m.Class != apierrors.Timeout:
		ofClass := p.classRule(subject{class: m.Class, isRefusal: true}, State{})
		failures = []Failure{{Class: m.Class, Applied: valueOf(cmp.Or(r.Applied, ofClass.Applied))}}
	}
	if len(m.Codes) == 0 {
		return failures
	}
	var coded []Failure
	for _, f := range failures {
		for _, code := range m.Codes {
			f.Items = []apierrors.Field{{Code: code}}
			coded = append(coded, f)
		}
	}
	return coded
}

// statesOf returns the states of requests that m selects: to its own paths, and to those of
// endpoints.
func (p Policy) statesOf(m Match) []State {
	methods, paths := m.Methods, slices.Clone(m.Paths)
	for _, e := range p.endpoints {
		paths = append(paths, e.Paths...)
	}
	if methods == nil {
		methods = []string{"GET"}
	}
	var states []State
	for _, method := range methods {
		for _, path := range append(paths, "") {
			if matchesRequest(m.Methods, m.Paths, method, path) {
				states = append(states, State{Method: method, Path: path})
			}
		}
	}
	return states
}
