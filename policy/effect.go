package policy

import (
	"fmt"
	"slices"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/yamlfile"
)

// A keyUse says which actions use a key of a rule. With other actions, it has no effect.
type keyUse struct {
	key     string
	isSet   func(Rule) bool
	actions []apierrors.Action
}

var keyUses = []keyUse{
	{"fallback", func(r Rule) bool { return r.Fallback != apierrors.ActionNone }, []apierrors.Action{apierrors.Retry, apierrors.Shrink}},
	{"max_attempts", func(r Rule) bool { return r.MaxAttempts > 0 }, []apierrors.Action{apierrors.Retry, apierrors.Throttle, apierrors.Refresh, apierrors.Shrink}},
	{"backoff", func(r Rule) bool { return r.Backoff != Backoff{} }, []apierrors.Action{apierrors.Retry, apierrors.Throttle, apierrors.Shrink}},
	{"max_elapsed", func(r Rule) bool { return r.MaxElapsed > 0 }, []apierrors.Action{apierrors.Retry, apierrors.Throttle, apierrors.Shrink}},
	{"escalate_after", func(r Rule) bool { return r.EscalateAfter != nil }, append([]apierrors.Action{apierrors.Shrink, apierrors.Surface}, repeating...)},
	{"after", func(r Rule) bool { return r.After > 0 }, []apierrors.Action{apierrors.Throttle, apierrors.Defer}},
}

// unusedKeys returns the keys of r that none of actions uses, a sentence for each. No actions
// means that any may be taken.
func (r Rule) unusedKeys(actions []apierrors.Action) []string {
	var problems []string
	for _, use := range keyUses {
		isUse := func(a apierrors.Action) bool { return slices.Contains(use.actions, a) }
		if use.isSet(r) && len(actions) > 0 && !slices.ContainsFunc(actions, isUse) {
			problems = append(problems, fmt.Sprintf("%s has no effect with action %s; it is for %s", use.key, words(actions), words(use.actions)))
		}
	}
	return problems
}

// words returns the names of actions as a text, such as "throttle or defer".
func words(actions []apierrors.Action) string {
	var names []string
	for _, a := range slices.Compact(slices.Sorted(slices.Values(actions))) {
		names = append(names, a.String())
	}
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// ownActions returns the actions that r itself has, or nil if another rule decides.
func (r Rule) ownActions() []apierrors.Action {
	switch {
	case r.Action == apierrors.ActionNone:
		return nil
	case r.Fallback == apierrors.ActionNone:
		return []apierrors.Action{r.Action}
	default:
		return []apierrors.Action{r.Action, r.Fallback}
	}
}

// actionsOf returns the actions of the failures that r is for, or nil if they can be any.
func (p Policy) actionsOf(r Rule) []apierrors.Action {
	own, isKnown := r.ownActions(), int(max(r.Class, r.When.Class)) < len(classRules)
	switch {
	case own != nil || !isKnown:
		return own
	case r.Class != apierrors.None && r.Class != r.When.Class:
		return p.classRule(subject{class: r.Class}, State{}).ownActions()
	case r.When.Class != apierrors.None:
		return p.actionsOfClass(r.When.Class)
	default:
		return nil
	}
}

// actionsOfClass returns the actions of failures of a class: its own and, where a rule for a
// code or a status has another one, that.
func (p Policy) actionsOfClass(class apierrors.Class) []apierrors.Action {
	actions := p.classRule(subject{class: class}, State{}).ownActions()
	for _, r := range slices.Concat(p.vendor, statusRules) {
		if r.Class == class {
			actions = append(actions, r.ownActions()...)
		}
	}
	return actions
}

// actionsOfCodes returns the actions of failures with codes, or nil if they can be any.
func (p Policy) actionsOfCodes(codes []string) []apierrors.Action {
	var all []apierrors.Action
	for _, code := range codes {
		rules := p.byCode[code]
		for _, r := range rules {
			actions := p.actionsOf(r)
			if actions == nil {
				return nil
			}
			all = append(all, actions...)
		}
		if len(rules) == 0 {
			return nil
		}
	}
	return all
}

// RuleProblems returns what has no effect in each of rules, which are those that p was made of, a
// sentence for each problem. For tools that read rules from files, besides Rule.Problems.
func (p Policy) RuleProblems(rules []Rule) [][]string {
	var problems [][]string
	for _, r := range rules {
		problems = append(problems, slices.Concat(
			p.unusedKeys(r), p.unknownCodes("accept_after_codes", r.AcceptAfterCodes), p.shadowProblems(r)))
	}
	return problems
}

// shadowProblems returns a problem if another of the vendor's rules always goes before r.
func (p Policy) shadowProblems(r Rule) []string {
	rules := p.others
	if isByCode(r) {
		rules = p.byCode[r.When.Codes[0]] // those for it are for all codes of r, or do not include r
	}
	if len(rules) == 1 {
		return nil // it is r, as for most codes
	}
	when := r.When.String()
	for _, earlier := range rules {
		if earlier.When.String() == when {
			break
		}
		if earlier.When.rank()/2 == r.When.rank()/2 && earlier.When.includes(r.When) {
			return []string{fmt.Sprintf("the rule for %v is never reached: the one for %v goes before it", r.When, earlier.When)}
		}
	}
	return nil
}

// unusedKeys returns the keys of r that have no effect because of its class or codes, a
// sentence for each. Rule.Problems has those that its own action does not use.
func (p Policy) unusedKeys(r Rule) []string {
	hasKey := slices.ContainsFunc(keyUses, func(use keyUse) bool { return use.isSet(r) })
	switch {
	case r.Action != apierrors.ActionNone || !hasKey:
		return nil
	case r.Class == apierrors.None && r.When.Class == apierrors.None:
		return r.unusedKeys(p.actionsOfCodes(r.When.Codes))
	default:
		return r.unusedKeys(p.actionsOf(r))
	}
}

// unknownCodes returns those of codes, the value of key, for which p has no rule, a sentence
// for each.
func (p Policy) unknownCodes(key string, codes []string) []string {
	if len(codes) == 0 {
		return nil // as for most rules of a vendor, which may have hundreds
	}
	var known, problems []string
	for _, r := range slices.Concat(p.vendor, p.operator) {
		known = append(known, r.When.Codes...)
	}
	known = slices.Compact(slices.Sorted(slices.Values(known)))
	for _, code := range codes {
		if !slices.Contains(known, code) {
			problems = append(problems, fmt.Sprintf("%s: unknown code %q%s", key, code, yamlfile.Suggest(code, known)))
		}
	}
	return problems
}
