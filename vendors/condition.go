package vendors

import (
	"slices"

	"github.com/retrywise/retrywise/internal/answer"
)

// A condition makes a 2xx an error; see conditionRow for its fields. Only the values at its
// pointer are looked at: records of a success may have members that are called like those
// of an error.
type condition struct {
	at      answer.Pointer
	is      string
	refused bool
}

// met returns the conditions that make body an error.
func (d decoder) met(body answer.Node) []condition {
	var met []condition
	for _, c := range d.errorsIn2xx {
		if slices.ContainsFunc(body.All(c.at), c.isMet) {
			met = append(met, c)
		}
	}
	return met
}

// isMet reports whether n tells that a 2xx is an error.
func (c condition) isMet(n answer.Node) bool {
	if c.is == "" {
		return !n.IsEmpty()
	}
	return n.Text == c.is
}
