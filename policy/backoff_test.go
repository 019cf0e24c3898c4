package policy_test

import (
	"testing"
	"time"

	"github.com/retrywise/retrywise/policy"
)

func TestDecideBacksOffWithFullJitter(t *testing.T) {
	for name, tt := range map[string]struct {
		attempts int
		random   float64
		want     time.Duration
	}{
		"first, at most":  {1, 0.999999999999, 500 * time.Millisecond},
		"first, at least": {1, 0, 0},
		"second":          {2, 0.5, 500 * time.Millisecond},
		"third":           {3, 0.5, time.Second},
		"sixth":           {6, 0.5, 8 * time.Second},
		"seventh, capped": {7, 0.5, 10 * time.Second},
		"hundredth":       {100, 0.5, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			p := policy.Default().WithRetry(policy.Retry{MaxAttempts: 1000})
			d := p.Decide(policy.Failure{Status: 500}, policy.State{Attempts: tt.attempts, Random: tt.random})
			if got := d.Delay.Round(time.Millisecond); got != tt.want || !d.Retry {
				t.Errorf("retry %v after %v; want %v", d.Retry, got, tt.want)
			}
		})
	}
}
