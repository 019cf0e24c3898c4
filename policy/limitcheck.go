package policy

import (
	"fmt"
	"slices"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// Problems returns what is wrong with l, a sentence for each problem. For tools that read
// limits from files.
func (l Limit) Problems() []string {
	problems := slices.Concat(requestProblems(l.Methods, l.Paths), requestProblems(nil, l.Except), scopeProblems(l.Scope), l.rangeProblems())
	if l.Name == "" {
		problems = append(problems, "name: expected text that is not empty")
	}
	if unbounded := l.unboundedProblems(); unbounded != nil {
		return append(problems, unbounded...)
	}
	return slices.Concat(problems, l.unusedKeys(), l.windowProblems())
}

// rangeProblems returns what the tags of l say about numbers.
func (l Limit) rangeProblems() []string {
	problems := slices.Concat(l.Rate.problems("rate"), l.Window.problems("window"),
		notNegative("burst", l.Burst), notNegative("cost", l.Cost), notNegative("slots", l.Slots), notNegative("held", l.Held))
	if l.Share < 0 || l.Share > 100 {
		problems = append(problems, fmt.Sprintf("share: expected a part from 1%% to 100%%; got %v", l.Share))
	}
	return problems
}

// problems returns a problem if r, the value of key, is neither zero nor a rate.
func (r Rate) problems(key string) []string {
	if r == (Rate{}) || r.Count > 0 && r.Per > 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s: expected a count and a period above zero; got %v", key, r)}
}

// isBounded reports whether l has a rate, a window or slots.
func (l Limit) isBounded() bool { return l.Rate != Rate{} || l.Window != Rate{} || l.Slots != 0 }

// unboundedProblems returns a problem if l bounds nothing. One that is off, and that responses
// name, pauses calls all the same.
func (l Limit) unboundedProblems() []string {
	if l.isBounded() || l.Off && l.Named {
		return nil
	}
	return []string{"expected a rate, a window or slots: without one, the limit bounds nothing"}
}

// unusedKeys returns the keys of l that have no effect without another one, a sentence for each.
func (l Limit) unusedKeys() []string {
	hasRate, hasWindow, hasSlots := l.Rate != Rate{}, l.Window != Rate{}, l.Slots != 0
	var problems []string
	for _, use := range []struct {
		key         string
		isSet, isOf bool
		needs       string
	}{
		{"burst", l.Burst > 0, hasRate, "a rate"},
		{"resets", l.Resets.Location != nil, hasWindow, "a window"},
		{"cost", l.Cost > 0, hasRate || hasWindow, "a rate or a window: slots count requests"},
		{"held", l.Held > 0, hasSlots, "slots"},
		{"share", l.Share > 0, l.isBounded(), "a rate, a window or slots"},
	} {
		if use.isSet && !use.isOf {
			problems = append(problems, fmt.Sprintf("%s has no effect without %s", use.key, use.needs))
		}
	}
	return problems
}

// windowProblems returns what is wrong with the relation of a window to other keys.
func (l Limit) windowProblems() []string {
	if l.Window.Count <= 0 || l.Window.Per <= 0 {
		return nil // there is none, or rangeProblems has it
	}
	var problems []string
	if l.Rate != (Rate{}) {
		problems = append(problems, "expected a rate or a window, and not both: a rate spreads requests, a window does not")
	}
	if l.Resets.Location != nil && 24*time.Hour%l.Window.Per != 0 {
		problems = append(problems, fmt.Sprintf("resets: expected a window whose length divides a day, such as 1000/24h; got %v", l.Window))
	}
	if l.Cost > l.Window.Count {
		problems = append(problems, fmt.Sprintf("cost: expected at most the points of a window, %d; got %d", l.Window.Count, l.Cost))
	}
	return problems
}

// scopeProblems returns a problem if s is not the scope of a limit.
func scopeProblems(s apierrors.Scope) []string {
	if s == apierrors.ScopeAccount || s == apierrors.ScopeEndpoint || s == apierrors.ScopeRecord {
		return nil
	}
	return []string{fmt.Sprintf("scope %v: expected account, endpoint or record", s)}
}
