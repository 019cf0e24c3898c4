package answer

import (
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/dunglas/httpsfv"
)

// RateLimitWait returns how long to wait until the limits that the RateLimit field of a
// response calls used up have calls again: the longest of them, or 0 if there is none
// (draft-ietf-httpapi-ratelimit-headers). A limit without that time has the window that
// RateLimit-Policy says. The parameters are r and t, or a and w as in a later draft.
func RateLimitWait(header http.Header) time.Duration {
	limits, _ := httpsfv.UnmarshalList(header.Values("RateLimit")) // none, if it is malformed
	policies, _ := httpsfv.UnmarshalList(header.Values("RateLimit-Policy"))
	longest := int64(0)
	for _, limit := range limits {
		left, isKnown := parameter(limit, "r", "a")
		if !isKnown || left > 0 {
			continue
		}
		seconds, isKnown := parameter(limit, "t", "w")
		if !isKnown {
			seconds = window(policies, limit)
		}
		longest = max(longest, seconds)
	}
	if longest > math.MaxInt64/int64(time.Second) {
		return math.MaxInt64
	}
	return time.Duration(longest) * time.Second
}

// window returns the window of the policy that a limit names, in seconds; 0 if none has it.
func window(policies httpsfv.List, limit httpsfv.Member) int64 {
	for _, policy := range policies {
		if name := nameOf(policy); name != nil && name == nameOf(limit) {
			seconds, _ := parameter(policy, "w")
			return seconds
		}
	}
	return 0
}

// nameOf returns the name of a limit, which is a text or a token.
func nameOf(m httpsfv.Member) any {
	item, _ := m.(httpsfv.Item)
	return item.Value
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

// structuredQuotas returns what the RateLimit field says.
func structuredQuotas(h http.Header) []Quota {
	limits, _ := httpsfv.UnmarshalList(h.Values("RateLimit")) // none, if it is malformed
	policies, _ := httpsfv.UnmarshalList(h.Values("RateLimit-Policy"))
	var quotas []Quota
	for _, limit := range limits {
		name, _ := nameOf(limit).(string)
		left, isKnown := parameter(limit, "r", "a")
		reset, _ := parameter(limit, "t", "w")
		if !isKnown || left > 1<<31 || reset > int64(maxReset/time.Second) {
			continue
		}
		q := Quota{Name: name, Limit: quotaOf(policies, limit), Left: int(left), Reset: time.Duration(reset) * time.Second}
		if q.isPlausible() {
			quotas = append(quotas, q)
		}
	}
	return quotas
}

// quotaOf returns the quota of the policy that a limit names; 0 if none has it.
func quotaOf(policies httpsfv.List, limit httpsfv.Member) int {
	i := slices.IndexFunc(policies, func(p httpsfv.Member) bool { return nameOf(p) != nil && nameOf(p) == nameOf(limit) })
	if i < 0 {
		return 0
	}
	quota, _ := parameter(policies[i], "q")
	return int(min(quota, 1<<31))
}
