package policy

import (
	"fmt"
	"reflect"
	"slices"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/yamlfile"
)

// A fileChecker collects what is wrong with an operator's file that could be read:
// unknown vendors, rules without an effect, and rules that no failure can reach.
type fileChecker struct {
	vendors  []string // the known vendors; none: all are accepted
	problems yamlfile.Problems
}

// vendor checks the name of a section.
func (c *fileChecker) vendor(name string, s section) {
	if len(c.vendors) > 0 && !slices.Contains(c.vendors, name) {
		c.problems.Report(s.At, "unknown vendor %q%s", name, yamlfile.Suggest(name, c.vendors))
	}
}

// section checks the changes for one vendor.
func (c *fileChecker) section(s section) {
	c.problems.ReportAll(s.At, s.Retry.Problems())
	for i, r := range s.Rules {
		c.rule(r)
		c.reachable(r, s.Rules[:i])
	}
	seen := map[string]yamlfile.Pos{}
	for _, e := range s.Endpoints {
		c.endpoint(e)
		c.problems.ReportDuplicate(seen, e.At, fmt.Sprintf("endpoint for %v", Match{Methods: e.Methods, Paths: e.Paths}))
	}
	for _, l := range s.Limits {
		c.limit(l, seen)
	}
}

// rule checks that r matches some failures and changes something.
func (c *fileChecker) rule(r positionedRule) {
	c.problems.ReportAll(r.At, r.Problems())
	if reflect.ValueOf(r.When).IsZero() {
		c.problems.Report(r.At, "a rule needs when: a code, a status, a class, methods, a path or has_wait")
	}
	if r.Class == apierrors.Partial && r.When.Class != apierrors.Partial {
		c.problems.Report(r.At, "class partial follows from the vendor's batches, and not from a rule")
	}
	if !r.hasEffect() {
		c.problems.Report(r.At, "the rule for %v has no effect", r.When)
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

// endpoint checks that e has exactly one of its two forms.
func (c *fileChecker) endpoint(e endpointChange) {
	c.problems.ReportAll(e.At, e.endpoint().Problems())
	if e.RepeatUnsafe != nil && !*e.RepeatUnsafe {
		c.problems.Report(e.At, "repeat_unsafe: false has no effect; repeatable: false forbids a repeat")
	}
	if (e.Repeatable == nil) == (e.RepeatUnsafe == nil) {
		c.problems.Report(e.At, "an endpoint needs either repeatable (a repeat does no harm) or repeat_unsafe (repeat although it may)")
	}
}

// limit checks a change of a limit.
func (c *fileChecker) limit(l limitChange, seen map[string]yamlfile.Pos) {
	c.problems.ReportAll(l.At, slices.Concat(requestProblems(l.Methods, l.Paths), requestProblems(nil, l.Except)))
	if reflect.DeepEqual(l, limitChange{At: l.At, Name: l.Name}) {
		c.problems.Report(l.At, "the change of limit %q has no effect", l.Name)
	}
	if l.Scope != apierrors.ScopeNone {
		c.problems.ReportAll(l.At, scopeProblems(l.Scope))
	}
	c.problems.ReportDuplicate(seen, l.At, fmt.Sprintf("limit %q", l.Name))
}
