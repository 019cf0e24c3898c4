package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestWaits(t *testing.T) {
	hour := policy.Failure{Status: 429, Wait: time.Hour}
	type waits struct {
		Again        bool
		Delay, After time.Duration
		Pause        time.Duration
		Stop         apierrors.Stop
		Act          apierrors.Action
	}
	for name, tt := range map[string]struct {
		failure policy.Failure
		state   policy.State
		want    waits
	}{
		"a told wait that fits": {
			policy.Failure{Status: 429, Wait: 9 * time.Second}, policy.State{Random: 0.9},
			waits{Again: true, Delay: 9 * time.Second, Pause: 9 * time.Second, Act: apierrors.Throttle},
		},
		"a told wait over MaxWait defers, and closes the gate": {
			hour, policy.State{},
			waits{After: time.Hour, Pause: time.Hour, Stop: apierrors.StopMaxWait, Act: apierrors.Defer},
		},
		"the call's own MaxWait": {
			hour, policy.State{MaxWait: new(4 * time.Hour), Waited: 3 * time.Hour},
			waits{Again: true, Delay: time.Hour, Pause: time.Hour, Act: apierrors.Throttle},
		},
		"MaxWait is the sum": {
			hour, policy.State{MaxWait: new(4 * time.Hour), Waited: 3*time.Hour + 1},
			waits{After: time.Hour, Pause: time.Hour, Stop: apierrors.StopMaxWait, Act: apierrors.Defer},
		},
		"a wait that ends with the deadline is too long": {
			policy.Failure{Status: 429, Wait: 9 * time.Second}, policy.State{Remaining: 9 * time.Second},
			waits{After: 9 * time.Second, Pause: 9 * time.Second, Stop: apierrors.StopDeadline, Act: apierrors.Defer},
		},
		"throttling costs no attempts": {
			policy.Failure{Status: 429, Wait: time.Second}, policy.State{Attempts: 100},
			waits{Again: true, Delay: time.Second, Pause: time.Second, Act: apierrors.Throttle},
		},
		"a 429 that tells nothing": {
			withCodes(429), policy.State{Throttled: 2, Random: 0.5},
			waits{Again: true, Delay: 2 * time.Second, Pause: 2 * time.Second, Act: apierrors.Throttle},
		},
		"a 503 that tells a wait": {
			policy.Failure{Status: 503, Wait: 20 * time.Second}, policy.State{Attempts: 1, Elapsed: time.Minute},
			waits{Again: true, Delay: 20 * time.Second, Act: apierrors.Retry},
		},
		"the last attempt still says when": {
			policy.Failure{Status: 503, Wait: 20 * time.Second}, policy.State{Attempts: 4},
			waits{After: 20 * time.Second, Stop: apierrors.StopAttempts, Act: apierrors.Retry},
		},
		"time for trying used up": {
			withCodes(503), policy.State{Attempts: 1, Elapsed: 2 * time.Minute},
			waits{Stop: apierrors.StopElapsed, Act: apierrors.Retry},
		},
		"retries that successes have not paid for": {
			policy.Failure{Status: 503, Wait: 20 * time.Second}, policy.State{OutOfBudget: true},
			waits{After: 20 * time.Second, Stop: apierrors.StopBudget, Act: apierrors.Retry},
		},
		"a limit is waited out all the same": {
			policy.Failure{Status: 429, Wait: time.Second}, policy.State{OutOfBudget: true},
			waits{Again: true, Delay: time.Second, Pause: time.Second, Act: apierrors.Throttle},
		},
		"a wait beside a refusal means nothing": {
			policy.Failure{Status: 422, Wait: time.Minute}, policy.State{},
			waits{Stop: apierrors.StopPermanent, Act: apierrors.Surface},
		},
		"what may have been applied is not run again by the clock": {
			policy.Failure{Status: 503, Wait: 30 * time.Second}, policy.State{Method: "POST"},
			waits{Stop: apierrors.StopUnsafe, Act: apierrors.Retry},
		},
		"a tiny told wait, the second time": {
			policy.Failure{Status: 429, Wait: time.Millisecond}, policy.State{Throttled: 1, Random: 0.5},
			waits{Again: true, Delay: time.Second, Pause: time.Second, Act: apierrors.Throttle},
		},
		"throttled for as long as one may try": {
			policy.Failure{Status: 429, Wait: time.Second}, policy.State{Elapsed: 2 * time.Minute},
			waits{After: time.Second, Pause: time.Second, Stop: apierrors.StopElapsed, Act: apierrors.Defer},
		},
		"a renewal after the deadline": {
			withCodes(401), policy.State{CanRefresh: true, Remaining: -1},
			waits{Stop: apierrors.StopDeadline, Act: apierrors.Refresh},
		},
		"a full queue": {
			withCodes(400, "BUSY"), policy.State{},
			waits{After: 5 * time.Minute, Stop: apierrors.StopMaxWait, Act: apierrors.Defer},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := shop(t).Decide(tt.failure, tt.state)
			got := waits{d.Retry, d.Delay, d.RetryIn, d.PauseFor, d.Stop, d.Action}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Decide mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFullJitter(t *testing.T) {
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
				t.Errorf("again %v after %v; want %v", d.Retry, got, tt.want)
			}
		})
	}
}
