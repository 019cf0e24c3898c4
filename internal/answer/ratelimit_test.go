package answer_test

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/internal/answer"
)

func TestRateLimitWait(t *testing.T) {
	for name, tt := range map[string]struct {
		limit, policy []string
		want          time.Duration
	}{
		"none":                           {nil, nil, 0},
		"used up":                        {[]string{`"default";r=0;t=3600`}, nil, time.Hour},
		"used up, in the later spelling": {[]string{`"default";a=0;w=3600`}, nil, time.Hour},
		"calls left":                     {[]string{`"default";r=50;t=30`}, nil, 0},
		"one of two":                     {[]string{`"burst";r=0;t=5, "daily";r=10;t=3600`}, nil, 5 * time.Second},
		"the longer of two":              {[]string{`"burst";r=0;t=5, "daily";r=0;t=3600`}, nil, time.Hour},
		"two fields":                     {[]string{`"burst";r=0;t=5`, `"daily";r=0;t=60`}, nil, time.Minute},
		"a token for a name":             {[]string{`default;r=0;t=7`}, nil, 7 * time.Second},
		"the policy's window":            {[]string{`"burst";r=0`}, []string{`"daily";q=9;w=86400, "burst";q=10;w=60`}, time.Minute},
		"no policy of that name":         {[]string{`"burst";r=0`}, []string{`"daily";q=9;w=86400`}, 0},
		"a policy alone":                 {nil, []string{`"burst";q=10;w=60`}, 0},
		"no number of calls":             {[]string{`"default";t=30`}, nil, 0},
		"a wait that is no number":       {[]string{`"default";r=0;t="soon"`}, nil, 0},
		"a negative wait":                {[]string{`"default";r=0;t=-5`}, nil, 0},
		"a wait beyond a Duration":       {[]string{`"default";r=0;t=999999999999999`}, nil, math.MaxInt64},
		"bytes for a name":               {[]string{`:YQ==:;r=0;t=5`}, []string{`:YQ==:;q=1;w=9`}, 5 * time.Second},
		"bytes without a wait":           {[]string{`:YQ==:;r=0`}, []string{`:YQ==:;q=1;w=9`}, 0},
		"more limits than are read":      {[]string{strings.Repeat(`"a";r=0;t=5, `, 64) + `"b";r=0;t=60`}, nil, 5 * time.Second},
		"an inner list":                  {[]string{`("a" "b");r=0;t=5`}, []string{`("a");w=5`}, 0},
		"the oldest draft":               {[]string{`limit=10, remaining=0, reset=5`}, nil, 0},
		"malformed":                      {[]string{`"default;r=0`}, []string{`(`}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			header := http.Header{"Ratelimit": tt.limit, "Ratelimit-Policy": tt.policy}
			if got := answer.RateLimitWait(header); got != tt.want {
				t.Errorf("RateLimitWait = %v; want %v", got, tt.want)
			}
		})
	}
}

func FuzzRateLimitWait(f *testing.F) {
	f.Add(`"default";r=0;t=3600`, `"default";q=100;w=10`)
	f.Add(`:YQ==:;r=0`, `:YQ==:;w=10`)
	f.Add(`"a";a=0, ("b" c);w=1;r=?1, d=2`, `a;w=1.5`)
	f.Fuzz(func(t *testing.T, limit, policy string) {
		header := http.Header{"Ratelimit": {limit}, "Ratelimit-Policy": {policy}}
		if wait := answer.RateLimitWait(header); wait < 0 {
			t.Errorf("RateLimitWait(%q, %q) = %v", limit, policy, wait)
		}
	})
}
