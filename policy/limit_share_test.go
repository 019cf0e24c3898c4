package policy_test

import (
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestLimitEnforced(t *testing.T) {
	limit := func(count, burst, slots int, share policy.Percent) policy.Limit {
		l := policy.Limit{Name: "x", Scope: apierrors.ScopeAccount, Burst: burst, Slots: slots, Share: share}
		if count > 0 {
			l.Rate = policy.Rate{Count: count, Per: time.Minute}
		}
		return l
	}
	for name, tt := range map[string]struct {
		limit        policy.Limit
		perSecond    float64
		burst, slots int
	}{
		"a rate":          {limit(120, 10, 0, 0), 2, 10, 0},
		"without a burst": {limit(120, 0, 0, 0), 2, 1, 0},
		"slots":           {limit(0, 0, 8, 0), 0, 1, 8},
		"a share":         {limit(120, 10, 8, 50), 1, 5, 4},
		"a small share":   {limit(120, 10, 8, 1), 0.02, 1, 1},
	} {
		perSecond, burst, slots := tt.limit.Enforced()
		if perSecond != tt.perSecond || burst != tt.burst || slots != tt.slots {
			t.Errorf("%s: %v per second, burst %d, %d slots; want %v, %d, %d", name, perSecond, burst, slots, tt.perSecond, tt.burst, tt.slots)
		}
	}
}

func TestPercentText(t *testing.T) {
	for text, want := range map[string]policy.Percent{"80%": 80, "1%": 1, "100%": 100, "0%": 0, "101%": 0, "80": 0, "x%": 0, "": 0} {
		var got policy.Percent
		err := got.UnmarshalText([]byte(text))
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
		if err == nil && got.String() != text {
			t.Errorf("%q is written as %q", text, got)
		}
	}
}
