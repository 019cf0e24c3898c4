package answer

import (
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/dunglas/httpsfv"

	"github.com/retrywise/retrywise/policy"
)

// A rateLimit is a limit in the RateLimit field of a response
// (draft-ietf-httpapi-ratelimit-headers). Its parameters are r and t, or a and w as in a later
// draft.
type rateLimit struct {
	name     string
	left     int64
	reset    int64 // in seconds
	hasReset bool
	quota    int64 // of the policy of that name; 0: there is none
	window   int64 // of that policy, in seconds
}

// rateLimits returns the limits that say how many requests are left.
func rateLimits(h http.Header) []rateLimit {
	policies := membersOf(h, "RateLimit-Policy")
	var limits []rateLimit
	for _, m := range membersOf(h, "RateLimit") {
		left, isKnown := parameter(m, "r", "a")
		if !isKnown {
			continue
		}
		l := rateLimit{name: nameOf(m), left: left}
		l.reset, l.hasReset = parameter(m, "t", "w")
		isOf := func(p httpsfv.Member) bool { return l.name != "" && nameOf(p) == l.name }
		if i := slices.IndexFunc(policies, isOf); i >= 0 {
			l.quota, _ = parameter(policies[i], "q")
			l.window, _ = parameter(policies[i], "w")
		}
		limits = append(limits, l)
	}
	return limits
}

// RateLimitWait returns how long to wait until the limits that the RateLimit field of a
// response calls used up have requests again: the longest of them, or 0 if there is none. A
// limit without that time has the window that RateLimit-Policy says.
func RateLimitWait(header http.Header) time.Duration {
	longest := int64(0)
	for _, l := range rateLimits(header) {
		switch {
		case l.left > 0:
		case l.hasReset:
			longest = max(longest, l.reset)
		default:
			longest = max(longest, l.window)
		}
	}
	if longest > math.MaxInt64/int64(time.Second) {
		return math.MaxInt64
	}
	return time.Duration(longest) * time.Second
}

// structuredQuotas returns what the RateLimit field says.
func structuredQuotas(h http.Header) []policy.Quota {
	var quotas []policy.Quota
	for _, l := range rateLimits(h) {
		if l.left > 1<<31 || l.reset > int64(maxReset/time.Second) {
			continue
		}
		q := policy.Quota{Limit: l.name, Size: int(min(l.quota, 1<<31)), Left: int(l.left), Reset: time.Duration(l.reset) * time.Second}
		if isPlausible(q) {
			quotas = append(quotas, q)
		}
	}
	return quotas
}

// maxLimits bounds of how many limits a response may tell; more are left out.
const maxLimits = 64

// membersOf returns the members of a field that is a list; none if it is malformed.
func membersOf(h http.Header, field string) httpsfv.List {
	members, _ := httpsfv.UnmarshalList(h.Values(field))
	return members[:min(len(members), maxLimits)]
}

// nameOf returns the name of a limit, which is a text or a token; "" for any other value.
func nameOf(m httpsfv.Member) string {
	item, _ := m.(httpsfv.Item)
	switch name := item.Value.(type) {
	case string:
		return name
	case httpsfv.Token:
		return string(name)
	default:
		return ""
	}
}

// parameter returns the whole number that m has under the first of names.
func parameter(m httpsfv.Member, names ...string) (int64, bool) {
	item, ok := m.(httpsfv.Item)
	if !ok || item.Params == nil {
		return 0, false
	}
	for _, name := range names {
		value, _ := item.Params.Get(name)
		if n, ok := value.(int64); ok {
			return n, true
		}
	}
	return 0, false
}
