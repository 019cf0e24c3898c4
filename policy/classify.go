package policy

import (
	"net/http"
	"slices"

	apierrors "github.com/retrywise/retrywise/errors"
)

// gravity orders actions: of several codes in one answer the gravest decides, so that
// accept wins only if every code accepts.
var gravity = []int{
	apierrors.ActionNone: 0,
	apierrors.Accept:     1,
	apierrors.Retry:      2,
	apierrors.Shrink:     3,
	apierrors.Refresh:    4,
	apierrors.Throttle:   5,
	apierrors.Defer:      6,
	apierrors.Surface:    7,
	apierrors.FailFast:   8,
}

// classify finds the rule for f: the gravest over all its codes, the first of equals.
func (p Policy) classify(f Failure, s State) (code string, rule Rule) {
	codes := codesOf(f)
	code, rule = codes[0], p.ruleFor(f, codes[0], s)
	for _, c := range codes[1:] {
		if r := p.ruleFor(f, c, s); gravity[r.Action] > gravity[rule.Action] {
			code, rule = c, r
		}
	}
	return code, rule
}

// codesOf returns the different codes of f in its order; one empty code if it has none.
// What does not look like a code may be a value in disguise, and is none.
func codesOf(f Failure) []string {
	var codes []string
	for _, item := range f.Items {
		if apierrors.IsCode(item.Code) && !slices.Contains(codes, item.Code) {
			codes = append(codes, item.Code)
		}
	}
	if len(codes) == 0 {
		return []string{""}
	}
	return codes
}

// ruleFor lays the rules for one code over each other, in the order of the package
// comment. The result states at least a class and an action.
func (p Policy) ruleFor(f Failure, code string, s State) Rule {
	about := subject{code: code, status: f.Status, method: s.method(), path: s.Path, toldWait: f.Wait > 0}
	found := p.found(f, about)
	about.class = found.Class
	operator, _ := first(p.operator, about, anyRule)
	rule := operator.over(found)
	about.class = rule.Class
	rule = rule.over(p.classRule(about, s))

	switch {
	case f.Permanent:
		rule.Action = apierrors.FailFast
	case rule.Action == apierrors.Refresh && !s.CanRefresh:
		about.class = apierrors.Authentication
		refused := Rule{Name: rule.Name, Class: about.class, Summary: rule.Summary}
		operator, _ := first(p.operator, about, anyRule)
		if operator.Class == apierrors.TokenExpired {
			operator = Rule{} // it was asked before, and cannot be had
		}
		rule = operator.over(refused).over(p.classRule(about, s))
	case rule.isAccepted(s) && (operator.Action == apierrors.ActionNone || operator.isAccepted(s)):
		rule.Action = apierrors.Accept
	}
	if f.Class != apierrors.None {
		rule.Applied = f.Applied
	}
	return rule
}

// isAccepted reports whether what went before makes the failure a success: the wanted
// thing is there because an earlier attempt of this very call made it.
func (r Rule) isAccepted(s State) bool {
	return (r.AcceptAfterUnknown && s.UnknownBefore) ||
		slices.ContainsFunc(s.CodesBefore, func(code string) bool { return slices.Contains(r.AcceptAfterCodes, code) })
}

// reread is the rule for an answer whose body broke off before it told a code. It may
// have said something else than its status, as that it was executed: ask again, or leave
// the outcome unknown, rather than refuse the record without a reason.
func (p Policy) reread(r Rule, s State) Rule {
	about := subject{class: apierrors.MalformedResponse, method: s.method(), path: s.Path}
	again := Rule{Name: "truncated body, " + r.Name, Class: about.class}.over(p.classRule(about, s))
	again.Applied = apierrors.AppliedUnknown
	return again
}

// found is the vendor's rule for the code or, without one, for the status.
func (p Policy) found(f Failure, about subject) Rule {
	switch {
	case int(f.Class) >= len(classRules): // a vendor made it up
		return Rule{Name: f.Class.String(), Class: apierrors.Unknown}
	case f.Class != apierrors.None:
		return Rule{Name: "class " + f.Class.String(), Class: f.Class}
	}
	if about.code == "" {
		return p.statusRule(about)
	}
	if r, ok := first(p.vendor, about, byCode); ok {
		return r
	}
	const unlisted = "unlisted code"
	if about.status >= 500 || slices.Contains(plainStatuses, about.status) {
		about.code = ""
		r := p.statusRule(about)
		r.Name = unlisted + ", " + r.Name
		return r
	}
	return Rule{Name: unlisted, Class: apierrors.Unknown, Action: apierrors.Surface}
}

// statusRule is the vendor's rule for a status, or else the built-in one.
func (p Policy) statusRule(about subject) Rule {
	if r, ok := first(p.vendor, about, byStatus); ok {
		return r
	}
	r, _ := first(statusRules, about, anyRule)
	r.Name = Match{Statuses: []StatusRange{{about.status, about.status}}}.String()
	return r
}

// classRule is what a class means: the vendor's word over the built-in one. A DELETE
// of what is absent has reached its end, if a code says that this very object is
// absent (a bare 404 may be a wrong URL) or an earlier attempt may have deleted it.
func (p Policy) classRule(about subject, s State) Rule {
	builtin := classRules[about.class]
	if about.class == apierrors.NotFound && about.method == http.MethodDelete && (about.code != "" || s.UnknownBefore) {
		builtin.Action = apierrors.Accept
	}
	vendor, _ := first(p.vendor, about, byClass)
	vendor.Name = ""
	return vendor.over(builtin)
}

// The kinds of rules, by what they match first.
func anyRule(Rule) bool    { return true }
func byCode(r Rule) bool   { return len(r.When.Codes) > 0 }
func byStatus(r Rule) bool { return !byCode(r) && len(r.When.Statuses) > 0 }
func byClass(r Rule) bool  { return !byCode(r) && !byStatus(r) && r.When.Class != apierrors.None }

// first returns the first rule of a kind that covers the subject.
func first(rules []Rule, about subject, kind func(Rule) bool) (Rule, bool) {
	for _, r := range rules {
		if kind(r) && r.When.covers(about) {
			return r, true
		}
	}
	return Rule{}, false
}

func (s State) method() string {
	if s.Method == "" {
		return http.MethodGet
	}
	return s.Method
}
