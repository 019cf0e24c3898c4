package vendors

import (
	"slices"

	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// A condition makes a 2xx an error; see conditionRow for its fields. Only the values at its
// pointer are looked at: records of a success may have members that are called like those
// of an error.
type condition struct {
	on      policy.Endpoint // requests that it is for
	at      answer.Pointer
	is      []string // one text, or none
	refused bool
}

// met returns the conditions that make body an error.
func (d decoder) met(a policy.Answer, body answer.Node) []condition {
	var met []condition
	for _, c := range d.errorsIn2xx {
		if c.on.Covers(a.Method, a.Path) && hasValue(body, c.at, c.is) {
			met = append(met, c)
		}
	}
	return met
}

// hasValue reports whether p leads from n to a value that is one of texts or, without any, to one
// other than null, false, 0 and an empty one.
func hasValue(n answer.Node, p answer.Pointer, texts []string) bool {
	return slices.ContainsFunc(n.All(p), func(value answer.Node) bool {
		if texts == nil {
			return !value.IsEmpty()
		}
		return slices.Contains(texts, value.Text)
	})
}
