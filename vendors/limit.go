package vendors

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/internal/yamlfile"
	"github.com/retrywise/retrywise/policy"
)

// A limitRow is a limit, and where responses say something about it.
type limitRow struct {
	At yamlfile.Pos
	policy.Limit
	NamedBy *namedByRow `yaml:"named_by"`

	// Headers are those that say how much of the limit is left.
	Headers *quotaRow `yaml:"headers"`

	// Left leads to the points in the body that are left.
	Left answer.Pointer `yaml:"left"`

	// Spent leads to the points in the body that the request took.
	Spent answer.Pointer `yaml:"spent"`

	// FreedBy are the responses after which a slot is free again: any of these.
	FreedBy []freedByRow `yaml:"freed_by,nonempty"`

	Named struct{} `yaml:"-"` // hides Limit.Named, which NamedBy implies
}

// A namedByRow says how a response names a limit: the value at Body, or that of a header, contains
// a text.
type namedByRow struct {
	At       yamlfile.Pos
	Body     answer.Pointer `yaml:"body"`
	Header   headerName     `yaml:"header"`
	Contains string         `yaml:"contains,required,nonempty"`
}

// sign returns what a response has that names the limit.
func (n namedByRow) sign() sign {
	s := sign{at: n.Body, text: headerText{contains: n.Contains}}
	if n.Header != "" {
		s.text.headers = []string{string(n.Header)}
	}
	return s
}

// A quotaRow says in which headers a response has the numbers of a limit: in one for each, or
// in one for all, from which a pattern takes them.
type quotaRow struct {
	At        yamlfile.Pos
	Limit     headerName `yaml:"limit"`     // how many there are in a window
	Remaining headerName `yaml:"remaining"` // how many of them are left
	Reset     headerName `yaml:"reset"`     // when the window ends

	Header headerName `yaml:"header"`

	// Pattern is a regular expression with groups that are named limit, remaining and reset;
	// used may stand in place of remaining.
	Pattern string `yaml:"pattern,nonempty"`

	// Unit is that of reset.
	Unit policy.Unit `yaml:"unit"`
}

// A freedByRow is a response that says that a slot is free again: a 2xx to such a request.
type freedByRow struct {
	At      yamlfile.Pos
	Methods []string `yaml:"methods,nonempty"`
	Paths   []string `yaml:"path,required,nonempty"`

	// Place leads to the value that tells, if the status alone does not. Without Is, any value
	// does but null, false, 0 and an empty one.
	Place answer.Pointer `yaml:"at"`

	// Is are the texts of which the value must have one.
	Is []string `yaml:"is,nonempty"`
}

// limits returns the limits, and keeps where responses say something about them.
func (c *compiler) limits(rows []limitRow) []policy.Limit {
	var out []policy.Limit
	seen := map[string]yamlfile.Pos{}
	for _, row := range rows {
		c.problems.ReportDuplicate(seen, row.At, fmt.Sprintf("limit %q", row.Name))
		row.Limit.Named = row.NamedBy != nil
		c.problems.ReportAll(row.At, row.Problems())
		out = append(out, row.Limit)
		if row.Headers != nil || row.Left != nil || row.Spent != nil || row.FreedBy != nil {
			c.quotas = append(c.quotas, c.quotaSource(row))
		}
	}
	return out
}

// quotaSource returns where responses say something about a limit.
func (c *compiler) quotaSource(row limitRow) quotaSource {
	problem := func(text string) { c.problems.Report(row.At, "%s", text) }
	for _, p := range []struct {
		key string
		at  answer.Pointer
	}{{"left", row.Left}, {"spent", row.Spent}} {
		switch {
		case p.at == nil:
		case row.Cost == 0:
			problem(p.key + " has no effect without cost: it is a number of points")
		case len(p.at) == 0:
			problem(p.key + ": expected a JSON pointer to a value, and not to the whole body")
		}
	}
	s := quotaSource{limit: row.Limit, left: row.Left, spent: row.Spent, freedBy: c.freedBy(row.FreedBy)}
	if h := row.Headers; h != nil {
		s.headers = c.quotaHeaders(*h)
		switch {
		case row.Rate == policy.Rate{} && row.Window == policy.Rate{}:
			problem("headers has no effect without a rate or a window")
		case row.Left != nil:
			problem("left has no effect beside headers, which say what is left")
		}
	}
	if row.FreedBy != nil && row.Held == 0 {
		problem("freed_by needs held, for how long a slot is held at most: the response that frees it may be missed")
	}
	return s
}

// quotaHeaders returns the headers of a quota.
func (c *compiler) quotaHeaders(row quotaRow) *quotaHeaders {
	problem := func(text string) { c.problems.Report(row.At, "headers: %s", text) }
	h := &quotaHeaders{limit: string(row.Limit), remaining: string(row.Remaining), reset: string(row.Reset), header: string(row.Header), unit: row.Unit}
	isPlain := row.Limit != "" || row.Remaining != "" || row.Reset != ""
	hasReset := row.Reset != ""
	switch {
	case row.Header == "" && row.Pattern == "":
		if row.Remaining == "" {
			problem(`missing key "remaining", or a header and a pattern`)
		}
	case row.Header == "" || row.Pattern == "":
		problem("a header and a pattern go together")
		return h
	case isPlain:
		problem("limit, remaining and reset have no effect beside a header, whose pattern has groups of these names")
		return h
	default:
		h.pattern = c.quotaPattern(row)
		if h.pattern == nil {
			return h
		}
		hasReset = slices.Contains(h.pattern.SubexpNames(), "reset")
	}
	switch {
	case hasReset && row.Unit == policy.UnitNone:
		problem("reset needs a unit, such as seconds or epoch")
	case !hasReset && row.Unit != policy.UnitNone:
		problem("unit has no effect without reset")
	}
	return h
}

// quotaGroups are the names of groups in the pattern of a quota.
var quotaGroups = []string{"limit", "remaining", "reset", "used"}

// quotaPattern returns the pattern of a quota; nil if something is wrong with it.
func (c *compiler) quotaPattern(row quotaRow) *regexp.Regexp {
	before := len(c.problems)
	problem := func(text string) { c.problems.Report(row.At, "headers: pattern %q: %s", row.Pattern, text) }
	pattern, err := regexp.Compile(row.Pattern)
	if err != nil {
		problem(`expected a regular expression, such as (?P<used>\d+)/(?P<limit>\d+)`)
		return nil
	}
	names := pattern.SubexpNames()[1:]
	for _, name := range names {
		if name != "" && !slices.Contains(quotaGroups, name) {
			problem(fmt.Sprintf("unknown group %q%s", name, yamlfile.Suggest(name, quotaGroups)))
		}
	}
	hasLeft, hasUsed := slices.Contains(names, "remaining"), slices.Contains(names, "used")
	switch {
	case hasLeft && hasUsed:
		problem("used has no effect beside remaining")
	case !hasLeft && (!hasUsed || !slices.Contains(names, "limit")):
		problem("expected a group remaining, or the groups used and limit")
	}
	if len(c.problems) > before {
		return nil
	}
	return pattern
}

// freedBy returns the responses that free a slot.
func (c *compiler) freedBy(rows []freedByRow) []freeing {
	var out []freeing
	for _, row := range rows {
		on := policy.Endpoint{Methods: row.Methods, Paths: row.Paths}
		for _, text := range on.Problems() {
			c.problems.Report(row.At, "freed_by: %s", text)
		}
		switch {
		case row.Place == nil && row.Is != nil:
			c.problems.Report(row.At, "freed_by: is has no effect without at")
		case row.Place != nil && len(row.Place) == 0:
			c.problems.Report(row.At, "freed_by: at: expected a JSON pointer to a value, and not to the whole body")
		}
		out = append(out, freeing{on: on, at: row.Place, is: row.Is})
	}
	return out
}
