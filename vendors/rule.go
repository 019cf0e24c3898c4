package vendors

import (
	"fmt"
	"net/http"
	"slices"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/yamlfile"
	"github.com/retrywise/retrywise/policy"
)

// rules returns the rules for codes, statuses and classes.
func (c *compiler) rules(f file) []policy.Rule {
	rules := make([]policy.Rule, 0, len(f.Codes)+len(f.Statuses)+len(f.Classes))
	seen := map[string]yamlfile.Pos{}
	add := func(at yamlfile.Pos, r policy.Rule, when policy.Match, row whenRow) {
		when = c.narrowed(at, when, row)
		c.rule(at, r, when, seen)
		r.When = when
		rules, c.ruleAt = append(rules, r), append(c.ruleAt, at)
	}
	addCode := func(at yamlfile.Pos, code string, r policy.Rule, row whenRow) {
		if !apierrors.IsCode(code) {
			c.problems.Report(at, "code %q: expected up to 128 of A-Z a-z 0-9 _ . -", code)
		}
		add(at, r, policy.Match{Codes: []string{code}}, row)
	}
	for _, k := range f.Idempotency.codes() {
		addCode(f.Idempotency.At, k.code, k.rule, whenRow{})
	}
	for i, row := range f.Codes {
		addCode(row.At, row.Code, row.Rule, row.When)
		if i == 0 && !f.hasCodes() {
			c.problems.Report(row.At, "codes have no effect without decode or header_codes, which say where a response has a code")
		}
	}
	for _, row := range f.Statuses {
		add(row.At, row.Rule, policy.Match{Statuses: []policy.StatusRange{row.Status}}, row.When)
		if row.Status.From < http.StatusBadRequest && row.Status.To > http.StatusMultipleChoices {
			c.problems.Report(row.At, "status %v: expected one of 2xx, 300, 4xx or 5xx", row.Status)
		}
		if row.Status.Contains(http.StatusMultipleChoices) && row.When.isAboutContent() {
			c.problems.Report(row.At, "status %v: when may only have methods and path, as the response is read only if it is a failure", row.Status)
		}
	}
	for _, row := range f.Classes {
		add(row.At, row.Rule, policy.Match{Class: row.Class}, row.When)
	}
	return rules
}

// narrowed returns what a row is for, narrowed by its when.
func (c *compiler) narrowed(at yamlfile.Pos, when policy.Match, row whenRow) policy.Match {
	if len(row.Codes) > 0 || row.Class != apierrors.None || row.Statuses != nil && when.Codes == nil {
		c.problems.Report(at, "%v: when may only narrow the row: by status (of a code), methods, path, has_wait, "+
			"message, has_document, or the text of a header or a value of the body", when)
	}
	if row.Statuses != nil {
		when.Statuses = row.Statuses
	}
	when.Methods, when.Paths, when.HasWait = row.Methods, row.Paths, row.HasWait
	if s := c.sign(at, row); s.name != "" {
		when.Conditions = []string{s.name}
		if !slices.ContainsFunc(c.signs, func(other sign) bool { return other.name == s.name }) {
			c.signs = append(c.signs, s)
		}
	}
	return when
}

// rule checks one rule. A second rule for the same failures would have no effect.
func (c *compiler) rule(at yamlfile.Pos, r policy.Rule, when policy.Match, seen map[string]yamlfile.Pos) {
	if r.Class == apierrors.None {
		c.problems.Report(at, "%v: missing key %q", when, "class")
	}
	if r.Class == apierrors.Partial && when.Class == apierrors.None {
		c.problems.Report(at, "%v: class partial follows from batches, and not from a code or a status", when)
	}
	if r.RepeatUnsafe != nil {
		c.problems.Report(at, "%v: repeat_unsafe is for an operator to decide", when)
	}
	c.problems.ReportAll(at, r.Problems())
	c.problems.ReportDuplicate(seen, at, when.String())
}

// endpoints returns the endpoints.
func (c *compiler) endpoints(rows []endpointRow) []policy.Endpoint {
	var out []policy.Endpoint
	seen := map[string]yamlfile.Pos{}
	for _, row := range rows {
		c.problems.ReportDuplicate(seen, row.At, fmt.Sprintf("endpoint for %v", policy.Match{Methods: row.Methods, Paths: row.Paths}))
		c.problems.ReportAll(row.At, row.Problems())
		if row.RepeatUnsafe {
			c.problems.Report(row.At, "repeat_unsafe is for an operator to decide")
		}
		out = append(out, row.Endpoint)
	}
	return out
}
