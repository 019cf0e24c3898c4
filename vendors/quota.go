package vendors

import (
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// A quotaSource is where responses say something about a limit; see limitRow for its fields.
type quotaSource struct {
	limit       policy.Limit
	headers     *quotaHeaders // nil: none
	left, spent answer.Pointer
	freedBy     []freeing
}

// quotaHeaders are the headers that say how much of a limit is left; see quotaRow. Their names
// are canonical.
type quotaHeaders struct {
	limit, remaining, reset string
	header                  string
	pattern                 *regexp.Regexp // for header; nil: there is a header for each number
	unit                    policy.Unit
}

// A freeing is a response that says that a slot is free again; see freedByRow.
type freeing struct {
	on policy.Endpoint
	at answer.Pointer
	is []string
}

// quotas returns what a response says about the vendor's limits. It accepts any bytes: what
// makes no sense is left out. It is the Quotas of the profile.
func (v *Vendor) quotas(a policy.Answer) []policy.Quota {
	body := sync.OnceValue(func() answer.Node {
		root, _ := answer.Parse(a.Body) // an empty node if it is not well-formed
		return root
	})
	var found []policy.Quota
	for _, s := range v.quotaSources {
		if q := s.quota(a, body); q.Left >= 0 || q.Spent > 0 || q.Freed {
			found = append(found, q)
		}
	}
	return found
}

// quota returns what a response says about the limit.
func (s quotaSource) quota(a policy.Answer, body func() answer.Node) policy.Quota {
	q := policy.Quota{Limit: s.limit.Name, Left: -1}
	isMet := func(f freeing) bool { return f.isMet(a, body) }
	q.Freed = slices.ContainsFunc(s.freedBy, isMet)
	if !s.limit.Covers(a.Method, a.Path) {
		return q
	}
	if s.headers != nil {
		s.headers.read(a, &q)
	}
	if s.left != nil {
		if left, ok := numberAt(body(), s.left); ok {
			q.Left = int(left)
		}
	}
	if s.spent != nil {
		spent, _ := numberAt(body(), s.spent)
		q.Spent = int(math.Ceil(spent))
	}
	return q
}

// maxReset is the longest time to the end of a window that is believed.
const maxReset = 366 * 24 * time.Hour

// read reads the numbers into q, or none of them if one makes no sense.
func (h quotaHeaders) read(a policy.Answer, q *policy.Quota) {
	texts := h.texts(a.Header)
	size, hasSize := number(texts["limit"])
	left, hasLeft := number(texts["remaining"])
	if used, ok := number(texts["used"]); ok && hasSize {
		left, hasLeft = max(size-used, 0), true
	}
	if !hasLeft || texts["limit"] != "" && (!hasSize || left > size) {
		return
	}
	var reset time.Duration
	if text := texts["reset"]; text != "" {
		var ok bool
		if reset, ok = policy.ParseWait(text, h.unit, a.Now()); !ok || reset > maxReset {
			return
		}
	}
	q.Size, q.Left, q.Reset = int(size), int(left), reset
}

// texts returns the numbers as they are written, by the names of groups.
func (h quotaHeaders) texts(header http.Header) map[string]string {
	if h.pattern == nil {
		return map[string]string{"limit": header.Get(h.limit), "remaining": header.Get(h.remaining), "reset": header.Get(h.reset)}
	}
	texts := map[string]string{}
	for _, value := range header[h.header] {
		found := h.pattern.FindStringSubmatch(value)
		if found == nil {
			continue
		}
		for i, name := range h.pattern.SubexpNames() {
			texts[name] = found[i]
		}
		break
	}
	return texts
}

// maxNumber is the largest number of requests or points that is believed.
const maxNumber = math.MaxInt32

// number returns the number that text is, of zero or more.
func number(text string) (float64, bool) {
	text = strings.TrimSpace(text)
	if strings.Trim(text, "0123456789.") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && n <= maxNumber
}

// numberAt returns the number to which p leads from n.
func numberAt(n answer.Node, p answer.Pointer) (float64, bool) {
	found, _ := kindAt(n, p, answer.Scalar, answer.Text)
	return number(found.Text)
}

// isMet reports whether a response frees a slot.
func (f freeing) isMet(a policy.Answer, body func() answer.Node) bool {
	isSuccess := a.Status/100 == 2
	if !isSuccess || !f.on.Covers(a.Method, a.Path) {
		return false
	}
	return f.at == nil || hasValue(body(), f.at, f.is)
}
