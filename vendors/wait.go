package vendors

import (
	"net/http"
	"slices"
	"time"

	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// A waitSource is where a response says how long to wait: a header or a value of the body.
type waitSource struct {
	header string // canonical; empty: body
	body   answer.Pointer
	unit   policy.Unit
	when   waitCondition
}

// A waitCondition says which responses a waitSource is for. All that is set must hold; the
// zero one is for all responses.
type waitCondition struct {
	statuses []policy.StatusRange
	on       policy.Endpoint
	sign     sign
}

// covers reports whether a response meets the condition.
func (c waitCondition) covers(r content) bool {
	isCovered := func(s policy.StatusRange) bool { return s.Contains(r.answer.Status) }
	return (len(c.statuses) == 0 || slices.ContainsFunc(c.statuses, isCovered)) &&
		c.on.Covers(r.answer.Method, r.answer.Path) && c.sign.isIn(r)
}

// wait returns how long the response asks to wait, or 0 if it does not. The first source that
// has a wait decides, and of its values the longest.
func (d decoder) wait(r content) time.Duration {
	now := r.answer.Now()
	for _, w := range d.waits {
		if !w.when.covers(r) {
			continue
		}
		var longest time.Duration
		for _, text := range w.texts(r.answer.Header, r.body) {
			wait, _ := policy.ParseWait(text, w.unit, now)
			longest = max(longest, wait)
		}
		if longest > 0 {
			return longest
		}
	}
	return 0
}

// texts returns the values of the source.
func (w waitSource) texts(header http.Header, body answer.Node) []string {
	if w.header != "" {
		return header[w.header]
	}
	var texts []string
	for _, n := range body.All(w.body) {
		texts = append(texts, n.Text)
	}
	return texts
}
