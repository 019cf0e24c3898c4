package vendors

import (
	"math"
	"net/http"
	"regexp"
	"time"

	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// A waitSource is where a response says how long to wait: a header or a value of the body.
type waitSource struct {
	header string // canonical; empty: body
	body   answer.Pointer
	unit   policy.Unit

	pattern *regexp.Regexp // whose group is the wait; nil: all of the text is
	cost    cost
	when    responseMatch
}

// wait returns how long the response asks to wait, or 0 if it does not. The first source that
// has a wait decides, and of its values the longest.
func (d decoder) wait(r content) time.Duration {
	now := r.answer.Now()
	for _, w := range d.waits {
		if !w.when.covers(r) {
			continue
		}
		longest := w.cost.wait(r.body)
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
	var texts []string
	switch {
	case w.header != "":
		texts = header[w.header]
	case w.body != nil:
		for _, n := range body.All(w.body) {
			texts = append(texts, n.Text)
		}
	}
	if w.pattern == nil {
		return texts
	}
	var matches []string
	for _, text := range texts {
		for _, found := range w.pattern.FindAllStringSubmatch(text, -1) {
			matches = append(matches, found[1])
		}
	}
	return matches
}

// A cost is where the body says how many points the request needs; see costRow.
type cost struct{ need, have, perSecond answer.Pointer }

// wait returns how long it takes until there are points enough, and 0 without numbers.
func (c cost) wait(body answer.Node) time.Duration {
	if c.need == nil {
		return 0
	}
	need, hasNeed := numberAt(body, c.need)
	have, hasHave := numberAt(body, c.have)
	perSecond, hasRate := numberAt(body, c.perSecond)
	if !hasNeed || !hasHave || !hasRate || perSecond == 0 || need <= have {
		return 0
	}
	seconds := math.Ceil((need-have)/perSecond*1000) / 1000
	return time.Duration(min(seconds, maxReset.Seconds()) * float64(time.Second))
}
