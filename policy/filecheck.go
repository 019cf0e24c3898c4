package policy

import (
	"fmt"
	"reflect"
	"slices"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/yamlfile"
)

// A fileChecker gathers what is wrong with an operator's file beyond its form: words
// that name nothing, rules that say nothing, and rules that could never speak.
type fileChecker struct {
	vendors  []string // that may be spoken of; none: all
	problems yamlfile.Problems
}

func (c *fileChecker) vendor(name string, s section) {
	if len(c.vendors) > 0 && !slices.Contains(c.vendors, name) {
		c.problems.Report(s.At, "unknown vendor %q%s", name, yamlfile.Suggest(name, c.vendors))
	}
}

func (c *fileChecker) section(s section) {
	c.problems.ReportAll(s.At, s.Retry.Problems())
	for i, r := range s.Rules {
		c.rule(r)
		c.reachable(r, s.Rules[:i])
	}
	for _, e := range s.Endpoints {
		c.endpoint(e)
	}
	seen := map[string]yamlfile.Pos{}
	for _, l := range s.Limits {
		c.limit(l, seen)
	}
}

func (c *fileChecker) rule(r positionedRule) {
	c.problems.ReportAll(r.At, r.Problems())
	if reflect.ValueOf(r.When).IsZero() {
		c.problems.Report(r.At, "a rule needs when: a code, a status, a class, methods, a path or told_wait")
	}
	says := r.Rule
	says.Name, says.When = "", Match{}
	if reflect.ValueOf(says).IsZero() {
		c.problems.Report(r.At, "the rule for %v says nothing", r.When)
	}
}

// reachable reports a rule that an earlier one always goes before.
func (c *fileChecker) reachable(r positionedRule, earlier []positionedRule) {
	for _, e := range earlier {
		if e.When.includes(r.When) {
			c.problems.Report(r.At, "the rule for %v is never reached: the one for %v at line %d goes before it", r.When, e.When, e.At.Line)
			return
		}
	}
}

func (c *fileChecker) endpoint(e endpointChange) {
	c.problems.ReportAll(e.At, requestProblems(e.Methods, e.Paths))
	if e.RepeatUnsafe != nil && !*e.RepeatUnsafe {
		c.problems.Report(e.At, "repeat_unsafe: false says nothing; repeatable: false forbids a repeat")
	}
	if (e.Repeatable == nil) == (e.RepeatUnsafe == nil) {
		c.problems.Report(e.At, "an endpoint needs either repeatable (a repeat does no harm) or repeat_unsafe (repeat although it may)")
	}
}

func (c *fileChecker) limit(l limitChange, seen map[string]yamlfile.Pos) {
	c.problems.ReportAll(l.At, requestProblems(l.Methods, l.Paths))
	if l.Burst < 0 {
		c.problems.Report(l.At, "expected no negative burst")
	}
	if l.Scope != apierrors.ScopeNone {
		c.problems.ReportAll(l.At, scopeProblems(l.Scope))
	}
	c.problems.ReportTwice(seen, l.At, fmt.Sprintf("limit %q", l.Name))
}

// includes reports whether m covers every failure that o covers.
func (m Match) includes(o Match) bool {
	return subset(o.Codes, m.Codes) && subset(o.Methods, m.Methods) &&
		(len(m.Statuses) == 0 || len(o.Statuses) > 0 && !slices.ContainsFunc(o.Statuses, func(s StatusRange) bool { return !s.within(m.Statuses) })) &&
		(m.Class == apierrors.None || m.Class == o.Class) &&
		subset(o.Paths, m.Paths) &&
		(!m.HasWait || o.HasWait)
}

// subset reports whether every member of few is in many; an empty many holds all.
func subset(few, many []string) bool {
	if len(many) == 0 {
		return true
	}
	return len(few) > 0 && !slices.ContainsFunc(few, func(s string) bool { return !slices.Contains(many, s) })
}

func (s StatusRange) within(ranges []StatusRange) bool {
	return slices.ContainsFunc(ranges, func(r StatusRange) bool { return r.From <= s.From && s.To <= r.To })
}
