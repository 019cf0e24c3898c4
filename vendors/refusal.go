package vendors

import (
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// Refusal returns the response by which the vendor refuses a request beyond a limit. It has the
// code or the status of the vendor's file, names the limit as the file says that responses do, and
// has the wait where they have it: without a unit below a second, and rounded up. A wait of zero is
// left out. Of to, the response is to have Method, Path and Received. For tools: package fake
// refuses by it.
func (v *Vendor) Refusal(limit policy.Limit, wait time.Duration, to policy.Answer) policy.Answer {
	best, most := withWaitHeader(policy.Answer{Status: http.StatusTooManyRequests, Header: http.Header{}}, wait), 0
	for _, a := range v.refusals(to) {
		a = v.naming(limit.Name, a)
		for _, a := range v.source.withWait(a, wait) {
			if points := v.resembles(a, limit, wait); points > most {
				best, most = a, points
			}
		}
	}
	best.Method, best.Path, best.Received = to.Method, to.Path, to.Received
	return best
}

// refusals returns responses for each row that is about a limit and may answer the request of to.
func (v *Vendor) refusals(to policy.Answer) []policy.Answer {
	var found []policy.Answer
	f := v.source
	isAbout := func(class apierrors.Class, row whenRow) bool {
		on := policy.Endpoint{Methods: row.Methods, Paths: row.Paths}
		return (class == apierrors.RateLimited || class == apierrors.QuotaExceeded) && on.Covers(to.Method, to.Path)
	}
	for _, row := range f.Codes {
		if isAbout(row.Class, row.When) {
			found = append(found, f.answers(row)...)
		}
	}
	for _, row := range f.Statuses {
		if isAbout(row.Class, row.When) {
			found = append(found, f.statusAnswer(codeRow{When: row.When, Rule: row.Rule, status: row.Status}))
		}
	}
	for i := range found {
		found[i].Method, found[i].Path, found[i].Received = to.Method, to.Path, to.Received
	}
	return found
}

// resembles says how much a response is like one that refuses a request beyond limit: 0, if it is
// none.
func (v *Vendor) resembles(a policy.Answer, limit policy.Limit, wait time.Duration) int {
	f := v.Decode(a)
	if f == nil {
		return 0
	}
	d := v.profile.Policy.Decide(*f, policy.State{Method: a.Method, Path: a.Path, MaxWait: new(maxReset)})
	isLong := limit.Held > 0 || max(limit.Rate.Per, limit.Window.Per) >= time.Hour
	likely := apierrors.RateLimited
	if isLong {
		likely = apierrors.QuotaExceeded
	}
	points := 0
	switch d.Class {
	case likely:
		points = 3
	case apierrors.RateLimited, apierrors.QuotaExceeded:
		points = 1
	default:
		return 0
	}
	if slices.Equal(f.Limits, named(limit)) {
		points += 16
	}
	if wait <= f.Wait && f.Wait <= wait+time.Second && (wait > 0) == (f.Wait > 0) {
		points += 8
	}
	return points
}

// named returns the names that a response about limit has.
func named(limit policy.Limit) []string {
	if !limit.Named {
		return nil
	}
	return []string{limit.Name}
}

// naming returns a response with the name of a limit, where the file says that responses have it.
func (v *Vendor) naming(limit string, a policy.Answer) policy.Answer {
	row, ok := v.source.limitNamed(limit)
	if !ok || row.NamedBy == nil {
		return a
	}
	body, _ := answer.Parse(a.Body)
	if row.NamedBy.sign().isIn(content{answer: a, body: body}) {
		return a
	}
	if row.NamedBy.Header != "" {
		return withHeader(a, string(row.NamedBy.Header), row.NamedBy.Contains)
	}
	return withValue(a, row.NamedBy.Body, row.NamedBy.Contains)
}

func (f file) limitNamed(name string) (limitRow, bool) {
	i := slices.IndexFunc(f.Limits, func(row limitRow) bool { return row.Name == name })
	if i < 0 {
		return limitRow{}, false
	}
	return f.Limits[i], true
}

// withWait returns a response with a wait in each of the places in which the vendor has one.
func (f file) withWait(a policy.Answer, wait time.Duration) []policy.Answer {
	if wait == 0 {
		return []policy.Answer{a}
	}
	if len(f.Waits) == 0 {
		return []policy.Answer{withWaitHeader(a, wait)}
	}
	var found []policy.Answer
	for _, row := range f.Waits {
		found = append(found, row.write(a, wait))
	}
	return found
}

func withWaitHeader(a policy.Answer, wait time.Duration) policy.Answer {
	if wait == 0 {
		return a
	}
	return waitRow{Header: "Retry-After", Unit: policy.HTTP}.write(a, wait)
}

// write returns a response that has a wait where the row reads it.
func (row waitRow) write(a policy.Answer, wait time.Duration) policy.Answer {
	if w := row.When; w != nil {
		if text := w.Is + w.Contains; w.Headers != nil {
			a = withHeader(a, string(w.Headers[0]), text)
		} else if w.Place != nil {
			a = withValue(a, w.Place, text)
		}
	}
	if c := row.Cost; c != nil {
		a = withValue(a, c.Need, math.Ceil(wait.Seconds()*costRate))
		return withValue(withValue(a, c.Have, 0), c.PerSecond, costRate)
	}
	text := waitText(wait, row.Unit, a.Now())
	if row.Pattern != "" {
		text = patternText(row.Pattern, func(int, string) string { return text })
	}
	if row.Header != "" {
		return withHeader(a, string(row.Header), text)
	}
	return withValue(a, row.Body, text)
}

// costRate is how many points come back in a second, in a response about points.
const costRate = 100

// waitText writes a wait that begins now. It rounds up, so that nobody comes too early.
func waitText(wait time.Duration, unit policy.Unit, now time.Time) string {
	up := func(d, unit time.Duration) string { return strconv.FormatInt(int64((d+unit-1)/unit), 10) }
	since1970 := time.Duration(now.Add(wait).UnixNano())
	switch unit {
	case policy.Milliseconds:
		return up(wait, time.Millisecond)
	case policy.Epoch:
		return up(since1970, time.Second)
	case policy.EpochMS:
		return up(since1970, time.Millisecond)
	case policy.GoDuration:
		return wait.String()
	default:
		return up(wait, time.Second)
	}
}

// withHeader returns a response with a header. It shares nothing with a that it changes.
func withHeader(a policy.Answer, name, value string) policy.Answer {
	a.Header = a.Header.Clone()
	a.Header.Set(name, value)
	return a
}

// withValue returns a response with a value at a place of its JSON body, also if it had no body.
func withValue(a policy.Answer, at answer.Pointer, value any) policy.Answer {
	var body any
	if json.Unmarshal(a.Body, &body) != nil {
		body = nil
	}
	a.Header = a.Header.Clone()
	return withBody(a, put(body, at, value))
}

// Announce returns a response that says how much of a limit is left, where the vendor's file says
// that responses do, also those of successes. It is a as it is if they do not. For tools: it is the
// reverse of Profile.Quotas.
func (v *Vendor) Announce(q policy.Quota, a policy.Answer) policy.Answer {
	row, _ := v.source.limitNamed(q.Limit)
	if row.Left != nil && q.Left >= 0 {
		a = withValue(a, row.Left, q.Left)
	}
	if row.Spent != nil && q.Spent > 0 {
		a = withValue(a, row.Spent, q.Spent)
	}
	h := row.Headers
	if h == nil || q.Left < 0 {
		return a
	}
	texts := map[string]string{
		"limit": strconv.Itoa(q.Size), "remaining": strconv.Itoa(q.Left), "used": strconv.Itoa(q.Size - q.Left),
		"reset": waitText(q.Reset, h.Unit, a.Now()),
	}
	if h.Pattern != "" {
		return withHeader(a, string(h.Header), patternText(h.Pattern, func(_ int, name string) string { return texts[name] }))
	}
	for name, header := range map[string]headerName{"limit": h.Limit, "remaining": h.Remaining, "reset": h.Reset} {
		if header != "" {
			a = withHeader(a, string(header), strings.TrimSpace(texts[name]))
		}
	}
	return a
}
