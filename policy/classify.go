package policy

import (
	"net/http"
	"slices"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
)

// gravity orders the actions. If a response has several codes, the gravest action
// decides, so a response is accepted only if all its codes are.
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

// classify returns the rule for f and the code that it is for. Of several codes, it is the
// first with the gravest action. A code that no rule lists decides only if none is listed,
// or if the others would accept the failure. One of Failure.General goes before it.
func (p Policy) classify(f Failure, s State) (code string, rule Rule) {
	codes := codesOf(f)
	isUnlisted := func(code string) bool { return !p.subject(f, code, s).isListed }
	listed := slices.DeleteFunc(slices.Clone(codes), isUnlisted)
	if len(listed) > 0 {
		code, rule = p.gravest(f, listed, s)
	}
	if len(listed) == 0 {
		if i := slices.IndexFunc(f.General, func(code string) bool { return !isUnlisted(code) }); i >= 0 {
			return f.General[i], p.ruleFor(f, f.General[i], s)
		}
	}
	if len(listed) == 0 || rule.Action == apierrors.Accept && len(listed) < len(codes) {
		return p.gravest(f, slices.DeleteFunc(codes, func(code string) bool { return !isUnlisted(code) }), s)
	}
	return code, rule
}

// gravest returns the rule for the first of codes with the gravest action.
func (p Policy) gravest(f Failure, codes []string, s State) (code string, rule Rule) {
	code, rule = codes[0], p.ruleFor(f, codes[0], s)
	for _, c := range codes[1:] {
		if r := p.ruleFor(f, c, s); gravity[r.Action] > gravity[rule.Action] {
			code, rule = c, r
		}
	}
	return code, rule
}

// codesOf returns the codes of f without duplicates, in order, or one empty code if there
// are none. Text that does not look like a code is skipped: it may be personal data.
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

// ruleFor merges the rules for one code, in the order of the package documentation. The
// result has at least a class and an action.
func (p Policy) ruleFor(f Failure, code string, s State) Rule {
	subj := p.subject(f, code, s)
	vendor := p.vendorRule(f, subj)
	subj.class = vendor.Class
	operator, _ := first(p.operator, subj, anyRule)
	rule := operator.withDefaults(vendor)
	subj.class = rule.Class
	rule = rule.withDefaults(p.classRule(subj, s))

	switch {
	case f.Permanent && rule.Class != apierrors.MalformedResponse: // the next record's response may be fine
		rule.Action = apierrors.FailFast
	case rule.Action == apierrors.Refresh && !s.CanRefresh:
		rule = p.refusedToken(rule, subj, s)
	case rule.isAccepted(s) && (operator.Action == apierrors.ActionNone || operator.isAccepted(s)):
		rule.Action = apierrors.Accept
	}
	isOverruled := rule.Applied != nil && *rule.Applied == apierrors.AppliedUnknown
	if f.Class != apierrors.None && !isOverruled {
		rule.Applied = new(f.Applied)
	}
	return rule
}

// subject returns what the rules for one code are compared with. Its class is not known yet.
func (p Policy) subject(f Failure, code string, s State) subject {
	subj := subject{
		code: code, status: f.Status, method: s.method(), path: s.Path, hasWait: f.Wait > 0,
		conditions: f.Conditions,
		isRefusal:  f.Refused || f.Status >= http.StatusBadRequest,
	}
	_, byVendor := first(p.byCode[code], subj, anyRule)
	_, byOperator := first(p.operator, subj, isByCode)
	subj.isListed = byVendor || byOperator
	return subj
}

// refusedToken returns the rule for an expired token that cannot be renewed: it is a
// wrong credential.
func (p Policy) refusedToken(expired Rule, subj subject, s State) Rule {
	subj.class = apierrors.Authentication
	refused := Rule{Name: expired.Name, Class: subj.class, Summary: expired.Summary}
	operator, _ := first(p.operator, subj, anyRule)
	if operator.Class == apierrors.TokenExpired {
		operator = Rule{} // this rule led here
	}
	return operator.withDefaults(refused).withDefaults(p.classRule(subj, s))
}

// isAccepted reports whether an earlier attempt of the same call explains the failure:
// the object already exists because that attempt created it.
func (r Rule) isAccepted(s State) bool {
	return (valueOf(r.AcceptAfterUnknown) && s.Before != NotApplied) ||
		slices.ContainsFunc(s.CodesBefore, func(code string) bool { return slices.Contains(r.AcceptAfterCodes, code) })
}

// truncatedRule returns the rule for a response whose body ended before its code, and
// which r judges by its status. The missing part may contradict the status and say that
// the request was executed. So the call is retried if that is safe, and ends with an
// unknown outcome if not.
func (p Policy) truncatedRule(r Rule, s State) Rule {
	subj := subject{class: apierrors.MalformedResponse, method: s.method(), path: s.Path}
	rule := Rule{Name: "truncated body, " + r.Name, Class: subj.class}.withDefaults(p.classRule(subj, s))
	rule.Applied = new(apierrors.AppliedUnknown)
	return rule
}

// vendorRule returns the vendor's rule for the code or, if there is none, for the status:
// vendors add codes, and a new one must not hide what the status says.
func (p Policy) vendorRule(f Failure, subj subject) Rule {
	switch {
	case int(f.Class) >= len(classRules): // not in the set
		return Rule{Name: f.Class.String(), Class: apierrors.Unknown}
	case f.Class != apierrors.None:
		return Rule{Name: strings.TrimSuffix("class "+f.Class.String()+", "+f.Cause, ", "), Class: f.Class}
	}
	if r, ok := first(p.byCode[subj.code], subj, anyRule); ok {
		return r
	}
	r := p.statusRule(subj)
	if subj.code != "" {
		r.Name = "unlisted code, " + r.Name
	}
	return r
}

// statusRule returns the vendor's rule for a status, or the built-in one.
func (p Policy) statusRule(subj subject) Rule {
	if r, ok := first(p.others, subj, isByStatus); ok {
		return r
	}
	r, _ := first(statusRules, subj, anyRule)
	r.Name = Match{Statuses: []StatusRange{{subj.status, subj.status}}}.String()
	return r
}

// HasStatusRule reports whether a rule of the vendor is for the status of f. For tools that decode
// responses: such a rule makes a failure of a 2xx.
func (p Policy) HasStatusRule(f Failure, s State) bool {
	_, ok := first(p.others, p.subject(f, "", s), isByStatus)
	return ok
}

// classRule returns the vendor's rule for a class with the built-in one as its defaults.
// A DELETE of an absent object is accepted if a code says that this object is absent, or
// if an earlier attempt may have deleted it. A bare 404 may come from a wrong URL. What a
// class says about the outcome is about a status of 4xx or 5xx: a 2xx that holds an error
// may have been executed in part.
func (p Policy) classRule(subj subject, s State) Rule {
	builtin := classRules[subj.class]
	if subj.class == apierrors.NotFound && subj.method == http.MethodDelete && (subj.isListed || s.Before != NotApplied) {
		builtin.Action = apierrors.Accept
	}
	if subj.class == apierrors.Maintenance && !subj.hasWait {
		builtin.Action = apierrors.Retry // nobody knows when to run it again
	}
	vendor, _ := first(p.others, subj, isByClass)
	vendor.Name = ""
	rule := vendor.withDefaults(builtin)
	if !subj.isRefusal {
		rule.Applied = nil
	}
	return rule
}

// The kinds of rules. A rule with several criteria is of the first kind that fits.
func anyRule(Rule) bool      { return true }
func isByCode(r Rule) bool   { return len(r.When.Codes) > 0 }
func isByStatus(r Rule) bool { return !isByCode(r) && len(r.When.Statuses) > 0 }
func isByClass(r Rule) bool {
	return !isByCode(r) && !isByStatus(r) && r.When.Class != apierrors.None
}

// first returns the first rule of a kind that matches the subject.
func first(rules []Rule, subj subject, isKind func(Rule) bool) (Rule, bool) {
	for _, r := range rules {
		if isKind(r) && r.When.covers(subj) {
			return r, true
		}
	}
	return Rule{}, false
}
