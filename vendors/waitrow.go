package vendors

import (
	"regexp"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/internal/yamlfile"
	"github.com/retrywise/retrywise/policy"
)

// waitRow is a place where a response says how long to wait: a header or, by a JSON
// pointer, a value of the body. The first row that has a wait decides.
type waitRow struct {
	At     yamlfile.Pos
	Header headerName     `yaml:"header"`
	Body   answer.Pointer `yaml:"body"`
	Unit   policy.Unit    `yaml:"unit"`

	// Pattern is a regular expression with one group, which matches the wait within a longer text.
	Pattern string `yaml:"pattern,nonempty"`

	// Cost says how long it takes until there are points enough, in place of a wait.
	Cost *costRow `yaml:"cost"`

	// When narrows the row, such as for a header that each response has.
	When *whenRow `yaml:"when"`
}

// A costRow leads to three numbers of the body: the points that the request needs, those that there
// are, and how many come back in a second.
type costRow struct {
	Need      answer.Pointer `yaml:"need,required"`
	Have      answer.Pointer `yaml:"have,required"`
	PerSecond answer.Pointer `yaml:"per_second,required"`
}

// waits returns the sources of waits. Without any, it is Retry-After as in RFC 9110.
func (c *compiler) waits(rows []waitRow) []waitSource {
	if len(rows) == 0 {
		return []waitSource{{header: "Retry-After", unit: policy.HTTP}}
	}
	var out []waitSource
	for _, row := range rows {
		out = append(out, c.wait(row))
	}
	return out
}

// wait returns a source of waits.
func (c *compiler) wait(row waitRow) waitSource {
	w := waitSource{header: string(row.Header), body: row.Body, unit: row.Unit, when: c.responseMatch(row.When)}
	hasPlace := row.Header != "" || len(row.Body) > 0
	switch {
	case row.Cost != nil && (hasPlace || row.Unit != policy.UnitNone || row.Pattern != ""):
		c.problems.Report(row.At, "header, body, unit and pattern have no effect beside cost")
	case row.Cost != nil:
		w.cost = cost{need: row.Cost.Need, have: row.Cost.Have, perSecond: row.Cost.PerSecond}
	case row.Header != "" && len(row.Body) > 0 || !hasPlace:
		c.problems.Report(row.At, "a wait needs a header, a body or a cost")
	case row.Unit == policy.UnitNone:
		c.problems.Report(row.At, "missing key %q", "unit")
	}
	if row.Pattern != "" {
		w.pattern = c.pattern(row.At, "pattern", row.Pattern)
	}
	return w
}

// pattern returns a regular expression with one group; nil if something is wrong with it.
func (c *compiler) pattern(at yamlfile.Pos, key, text string) *regexp.Regexp {
	pattern, err := regexp.Compile(text)
	if err != nil || pattern.NumSubexp() != 1 {
		c.problems.Report(at, "%s %q: expected a pattern with one group", key, text)
		return nil
	}
	return pattern
}

// responseMatch returns the responses that a wait is for.
func (c *compiler) responseMatch(row *whenRow) responseMatch {
	if row == nil {
		return responseMatch{}
	}
	if len(row.Codes) > 0 || row.Class != apierrors.None || row.HasWait != nil {
		c.problems.Report(row.At, "when: a wait cannot depend on a code, a class or has_wait, which come after it")
	}
	s := c.sign(row.At, *row)
	if s.name == "" && len(row.Statuses)+len(row.Methods)+len(row.Paths) == 0 {
		c.problems.Report(row.At, "when: expected a status, a path, methods, a message, has_document, or the text of a header or a value of the body")
	}
	return responseMatch{statuses: row.Statuses, on: policy.Endpoint{Methods: row.Methods, Paths: row.Paths}, sign: s}
}
