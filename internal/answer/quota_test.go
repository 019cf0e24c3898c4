package answer

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/policy"
)

func TestQuotas(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	epoch := "1795608030" // 30 s later
	for name, tt := range map[string]struct {
		header []string // names and values
		want   []policy.Quota
	}{
		"none":                   {nil, nil},
		"structured":             {[]string{"RateLimit", `"default";r=50;t=30`, "RateLimit-Policy", `"default";q=100;w=60`}, []policy.Quota{{Limit: "default", Size: 100, Left: 50, Reset: 30 * time.Second}}},
		"a later draft":          {[]string{"RateLimit", `"default";a=0;w=30`}, []policy.Quota{{Limit: "default", Reset: 30 * time.Second}}},
		"two limits":             {[]string{"RateLimit", `"a";r=5;t=1, "b";r=7;t=2`}, []policy.Quota{{Limit: "a", Left: 5, Reset: time.Second}, {Limit: "b", Left: 7, Reset: 2 * time.Second}}},
		"tokens for names":       {[]string{"RateLimit", `a;r=5;t=1, b;r=7;t=2`, "RateLimit-Policy", `b;q=9`}, []policy.Quota{{Limit: "a", Left: 5, Reset: time.Second}, {Limit: "b", Size: 9, Left: 7, Reset: 2 * time.Second}}},
		"structured goes first":  {[]string{"RateLimit", `"a";r=5;t=1`, "X-RateLimit-Remaining", "9", "X-RateLimit-Reset", "9"}, []policy.Quota{{Limit: "a", Left: 5, Reset: time.Second}}},
		"three headers":          {[]string{"RateLimit-Limit", "100, 100;w=60", "RateLimit-Remaining", "7", "RateLimit-Reset", "30"}, []policy.Quota{{Size: 100, Left: 7, Reset: 30 * time.Second, IsGuess: true}}},
		"epoch":                  {[]string{"X-RateLimit-Limit", "60", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", epoch, "X-RateLimit-Resource", "core"}, []policy.Quota{{Limit: "core", Size: 60, Reset: 30 * time.Second}}},
		"epoch in milliseconds":  {[]string{"X-Rate-Limit-Remaining", "1", "X-Rate-Limit-Reset", epoch + "500"}, []policy.Quota{{Left: 1, Reset: 30500 * time.Millisecond}}},
		"ISO 8601":               {[]string{"X-RateLimit-Remaining", "1", "X-RateLimit-Reset", "2026-11-25T12:01Z"}, []policy.Quota{{Left: 1, Reset: time.Minute}}},
		"RFC 3339":               {[]string{"X-RateLimit-Remaining", "1", "X-RateLimit-Reset", "2026-11-25T12:00:05Z"}, []policy.Quota{{Left: 1, Reset: 5 * time.Second}}},
		"without a limit":        {[]string{"X-RateLimit-Remaining", "1", "X-RateLimit-Reset", "5"}, []policy.Quota{{Left: 1, Reset: 5 * time.Second, IsGuess: true}}},
		"a limit of 0":           {[]string{"X-RateLimit-Limit", "0", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "5"}, nil},
		"a limit that is none":   {[]string{"X-RateLimit-Limit", "many", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "5"}, nil},
		"more left than allowed": {[]string{"X-RateLimit-Limit", "5", "X-RateLimit-Remaining", "6", "X-RateLimit-Reset", "5"}, nil},
		"negative":               {[]string{"X-RateLimit-Remaining", "-1", "X-RateLimit-Reset", "5"}, nil},
		"without a reset":        {[]string{"X-RateLimit-Remaining", "0"}, nil},
		"a reset in the past":    {[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1771404540"}, nil},
		"a reset in a year":      {[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "2027-11-25T12:00:00Z"}, nil},
		"a reset of a year":      {[]string{"RateLimit", `"a";r=0;t=31536000`}, nil},
		"garbage":                {[]string{"RateLimit", `;;;`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "5"}, nil},
		"a number that is huge":  {[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1e300"}, nil},
		"without its parameter":  {[]string{"RateLimit", `"a";t=5`}, nil},
	} {
		h := http.Header{}
		for i := 0; i < len(tt.header); i += 2 {
			h.Set(tt.header[i], tt.header[i+1])
		}
		got := Quotas(h, func() time.Time { return now })
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// In virtual time it is the year 2000.
func TestQuotasInVirtualTime(t *testing.T) {
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, reset := range []string{"946684830", "946684830000"} {
		h := http.Header{"X-Ratelimit-Remaining": {"1"}, "X-Ratelimit-Reset": {reset}}
		got := Quotas(h, func() time.Time { return start })
		if diff := cmp.Diff([]policy.Quota{{Left: 1, Reset: 30 * time.Second}}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", reset, diff)
		}
	}
}

// Whatever a vendor sends, a quota has a number left and a reset within a day.
func FuzzQuotas(f *testing.F) {
	f.Add(`"default";r=50;t=30`, `"default";q=100;w=60`, "100", "0", "1795608030")
	f.Fuzz(func(t *testing.T, limit, policy, size, left, reset string) {
		for _, h := range []http.Header{
			{"Ratelimit": {limit}, "Ratelimit-Policy": {policy}},
			{"X-Ratelimit-Limit": {size}, "X-Ratelimit-Remaining": {left}, "X-Ratelimit-Reset": {reset}},
		} {
			for _, q := range Quotas(h, time.Now) {
				if q.Left < 0 || q.Reset <= 0 || q.Reset > maxReset || q.Size < 0 {
					t.Errorf("%v: %+v", h, q)
				}
			}
		}
	})
}
