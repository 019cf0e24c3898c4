package answer

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/retrywise/retrywise/policy"
)

// Quotas returns what the headers of a response say about its limits: the RateLimit fields
// (draft-ietf-httpapi-ratelimit-headers), else their older form of three headers, else those
// that many vendors have, X-RateLimit-*. What makes no sense is left out. now returns the
// vendor's time, by which a moment becomes a wait.
func Quotas(h http.Header, now func() time.Time) []policy.Quota {
	if h["Ratelimit"] != nil {
		return structuredQuotas(h)
	}
	for _, form := range quotaForms {
		if h[form.left] == nil {
			continue
		}
		q := policy.Quota{Limit: h.Get(form.name), Left: wholeNumber(h.Get(form.left))}
		q.Reset, q.IsGuess = resetOf(h.Get(form.reset), now())
		text := firstOf(h.Get(form.limit))
		if text != "" {
			q.Size = wholeNumber(text)
		}
		if (text == "" || q.Size > 0) && isPlausible(q) {
			return []policy.Quota{q}
		}
	}
	return nil
}

// quotaForms are the names of headers, as net/http has them.
var quotaForms = []struct{ limit, left, reset, name string }{
	{"Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset", "Ratelimit-Resource"},
	{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset", "X-Ratelimit-Resource"},
	{"X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset", "X-Rate-Limit-Resource"},
}

// maxReset is the longest time to a reset that is believed.
const maxReset = 24 * time.Hour

func isPlausible(q policy.Quota) bool {
	return q.Left >= 0 && (q.Size == 0 || q.Left <= q.Size) && q.Reset > 0 && q.Reset <= maxReset
}

// epoch2000 is 1 January 2000, in seconds, when the clock of a test with virtual time begins. A
// smaller number is no moment of today.
const epoch2000 = 946_684_800

// resetOf returns the time until a reset. Headers have a moment, or a number without a unit, in
// most cases of seconds.
func resetOf(text string, now time.Time) (reset time.Duration, isGuess bool) {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(form, text); err == nil {
			return at.Sub(now), false
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || n <= 0 || n > 1e15:
		return 0, false
	case n >= 1000*epoch2000:
		return time.UnixMilli(int64(n)).Sub(now), false
	case n >= epoch2000:
		return time.Unix(int64(n), 0).Sub(now), false
	default:
		return time.Duration(min(n, 1e6) * float64(time.Second)), true
	}
}

// wholeNumber returns the number that text is; -1 if it is none.
func wholeNumber(text string) int {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	if err != nil {
		return -1
	}
	return int(n)
}

// firstOf returns the first of several values: an older form adds the windows to the limit.
func firstOf(text string) string {
	text, _, _ = strings.Cut(text, ",")
	text, _, _ = strings.Cut(text, ";")
	return strings.TrimSpace(text)
}
