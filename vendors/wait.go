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
	text     headerText
}

// covers reports whether a response meets the condition.
func (c waitCondition) covers(a policy.Answer) bool {
	isCovered := func(s policy.StatusRange) bool { return s.Contains(a.Status) }
	return (len(c.statuses) == 0 || slices.ContainsFunc(c.statuses, isCovered)) &&
		(len(c.text.headers) == 0 || c.text.isIn(a.Header))
}

// wait returns how long the response asks to wait, or 0 if it does not. The first source that
// has a wait decides, and of its values the longest.
func (d decoder) wait(a policy.Answer, body answer.Node) time.Duration {
	now := a.Now()
	for _, w := range d.waits {
		if !w.when.covers(a) {
			continue
		}
		var longest time.Duration
		for _, text := range w.texts(a.Header, body) {
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
