package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestDecideWaits(t *testing.T) {
	hour := policy.Failure{Status: 429, Wait: time.Hour}
	type waits struct {
		Retry    bool
		Delay    time.Duration
		RetryIn  time.Duration
		PauseFor time.Duration
		Stop     apierrors.Stop
		Act      apierrors.Action
	}
	for name, tt := range map[string]struct {
		failure policy.Failure
		state   policy.State
		want    waits
	}{
		"a wait that fits": {
			policy.Failure{Status: 429, Wait: 9 * time.Second}, policy.State{Random: 0.9},
			waits{Retry: true, Delay: 9 * time.Second, PauseFor: 9 * time.Second, Act: apierrors.Throttle},
		},
		"a wait that exceeds MaxWait: deferred, and the others are paused": {
			hour, policy.State{},
			waits{RetryIn: time.Hour, PauseFor: time.Hour, Stop: apierrors.StopMaxWait, Act: apierrors.Defer},
		},
		"the call's own MaxWait": {
			hour, policy.State{MaxWait: new(4 * time.Hour), Waited: 3 * time.Hour},
			waits{Retry: true, Delay: time.Hour, PauseFor: time.Hour, Act: apierrors.Throttle},
		},
		"MaxWait bounds the sum": {
			hour, policy.State{MaxWait: new(4 * time.Hour), Waited: 3*time.Hour + 1},
			waits{RetryIn: time.Hour, PauseFor: time.Hour, Stop: apierrors.StopMaxWait, Act: apierrors.Defer},
		},
		"a wait that ends with the deadline is too long": {
			policy.Failure{Status: 429, Wait: 9 * time.Second}, policy.State{Remaining: 9 * time.Second},
			waits{RetryIn: 9 * time.Second, PauseFor: 9 * time.Second, Stop: apierrors.StopDeadline, Act: apierrors.Defer},
		},
		"throttling costs no attempts": {
			policy.Failure{Status: 429, Wait: time.Second}, policy.State{Attempts: 100},
			waits{Retry: true, Delay: time.Second, PauseFor: time.Second, Act: apierrors.Throttle},
		},
		"a 429 without a wait": {
			withCodes(429), policy.State{Throttled: 2, Random: 0.5},
			waits{Retry: true, Delay: 2 * time.Second, PauseFor: 500 * time.Millisecond, Act: apierrors.Throttle},
		},
		"a 503 with a wait": {
			policy.Failure{Status: 503, Wait: 20 * time.Second}, policy.State{Attempts: 1, Elapsed: time.Minute},
			waits{Retry: true, Delay: 20 * time.Second, Act: apierrors.Retry},
		},
		"the last attempt still has a time for the next run": {
			policy.Failure{Status: 503, Wait: 20 * time.Second}, policy.State{Attempts: 4},
			waits{RetryIn: 20 * time.Second, Stop: apierrors.StopAttempts, Act: apierrors.Retry},
		},
		"MaxElapsed reached": {
			withCodes(503), policy.State{Attempts: 1, Elapsed: 2 * time.Minute},
			waits{Stop: apierrors.StopElapsed, Act: apierrors.Retry},
		},
		"out of budget": {
			policy.Failure{Status: 503, Wait: 20 * time.Second}, policy.State{OutOfBudget: true},
			waits{RetryIn: 20 * time.Second, Stop: apierrors.StopBudget, Act: apierrors.Retry},
		},
		"out of budget, but throttled": {
			policy.Failure{Status: 429, Wait: time.Second}, policy.State{OutOfBudget: true},
			waits{Retry: true, Delay: time.Second, PauseFor: time.Second, Act: apierrors.Throttle},
		},
		"the ninth throttled request": {
			policy.Failure{Status: 429, Wait: time.Second}, policy.State{Throttled: 8},
			waits{Retry: true, Delay: time.Second, PauseFor: time.Second, Act: apierrors.Throttle},
		},
		"the tenth throttled request": {
			policy.Failure{Status: 429, Wait: time.Second}, policy.State{Throttled: 9},
			waits{RetryIn: time.Second, PauseFor: time.Second, Stop: apierrors.StopAttempts, Act: apierrors.Defer},
		},
		"a wait beside a refusal is told": {
			policy.Failure{Status: 422, Wait: time.Minute}, policy.State{Method: "POST"},
			waits{RetryIn: time.Minute, Stop: apierrors.StopPermanent, Act: apierrors.Surface},
		},
		"a wait beside what stops the job is told": {
			policy.Failure{Status: 401, Wait: time.Minute}, policy.State{Method: "POST"},
			waits{RetryIn: time.Minute, Stop: apierrors.StopPermanent, Act: apierrors.FailFast},
		},
		"a wait beside a refusal that may have been applied": {
			policy.Failure{Status: 477, Wait: time.Minute}, policy.State{Method: "POST"},
			waits{Stop: apierrors.StopPermanent, Act: apierrors.Surface},
		},
		"a wait beside a one-shot body": {
			policy.Failure{Status: 503, Wait: time.Minute}, policy.State{Method: "PUT", OneShotBody: true},
			waits{RetryIn: time.Minute, Stop: apierrors.StopBodySpent, Act: apierrors.Retry},
		},
		"a wait beside what is accepted": {
			policy.Failure{Status: 404, Wait: time.Minute}, policy.State{Method: "DELETE", Before: policy.InDoubt},
			waits{Act: apierrors.Accept},
		},
		"a call that may have been applied has no time for the next run": {
			policy.Failure{Status: 503, Wait: 30 * time.Second}, policy.State{Method: "POST"},
			waits{Stop: apierrors.StopUnsafe, Act: apierrors.Retry},
		},
		"a short wait, the second time": {
			policy.Failure{Status: 429, Wait: time.Millisecond}, policy.State{Throttled: 1, Random: 0.5},
			waits{Retry: true, Delay: time.Second, PauseFor: 500 * time.Millisecond, Act: apierrors.Throttle},
		},
		"throttled until MaxElapsed": {
			policy.Failure{Status: 429, Wait: time.Second}, policy.State{Elapsed: 2 * time.Minute},
			waits{RetryIn: time.Second, PauseFor: time.Second, Stop: apierrors.StopElapsed, Act: apierrors.Defer},
		},
		"a renewal after the deadline": {
			withCodes(401), policy.State{CanRefresh: true, Remaining: -1},
			waits{Stop: apierrors.StopDeadline, Act: apierrors.Refresh},
		},
		"a full queue": {
			withCodes(400, "BUSY"), policy.State{},
			waits{RetryIn: 5 * time.Minute, Stop: apierrors.StopMaxWait, Act: apierrors.Defer},
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

func TestDecideObeysTheVendorsWait(t *testing.T) {
	for name, tt := range map[string]struct {
		wait  time.Duration
		state policy.State
		want  time.Duration
	}{
		"a long one, throttled often before": {2 * time.Second, policy.State{Throttled: 5, Random: 0.9}, 2 * time.Second},
		"a short one, the first time":        {500 * time.Millisecond, policy.State{Random: 0.9}, 500 * time.Millisecond},
		"a short one, again":                 {500 * time.Millisecond, policy.State{Throttled: 1, Random: 0.9}, 1800 * time.Millisecond},
		"never earlier":                      {500 * time.Millisecond, policy.State{Throttled: 1}, 500 * time.Millisecond},
		"a second, again":                    {time.Second, policy.State{Throttled: 5, Random: 0.9}, time.Second},
	} {
		if d := policy.Default().Decide(policy.Failure{Status: 429, Wait: tt.wait}, tt.state); d.Delay != tt.want || !d.Retry {
			t.Errorf("%s: retry %v after %v; want %v", name, d.Retry, d.Delay, tt.want)
		}
	}
}

// A backoff that would reach MaxElapsed is not begun.
func TestDecideStopsAtMaxElapsed(t *testing.T) {
	for name, tt := range map[string]struct {
		elapsed time.Duration
		wait    time.Duration
		retry   bool
	}{
		"reached":                       {2 * time.Minute, time.Second, false},
		"a moment before":               {2*time.Minute - 1, time.Second, true},
		"a backoff that would reach it": {2*time.Minute - 250*time.Millisecond, 0, false},
		"a backoff that does not":       {2*time.Minute - 250*time.Millisecond - 1, 0, true},
	} {
		d := policy.Default().Decide(policy.Failure{Status: 503, Wait: tt.wait}, policy.State{Elapsed: tt.elapsed, Random: 0.5})
		if d.Retry != tt.retry {
			t.Errorf("%s: retry %v, stop %v", name, d.Retry, d.Stop)
		}
	}
}

func TestWaitLeft(t *testing.T) {
	type left struct {
		Wait time.Duration
		Stop apierrors.Stop
	}
	for name, tt := range map[string]struct {
		policy policy.Retry
		state  policy.State
		want   left
	}{
		"nothing waited":              {policy.Retry{}, policy.State{}, left{time.Minute, apierrors.StopMaxWait}},
		"a part waited":               {policy.Retry{}, policy.State{Waited: 59 * time.Second}, left{time.Second, apierrors.StopMaxWait}},
		"too much waited":             {policy.Retry{}, policy.State{Waited: 61 * time.Second}, left{-time.Second, apierrors.StopMaxWait}},
		"never wait":                  {policy.Retry{MaxWait: new(time.Duration(0))}, policy.State{}, left{0, apierrors.StopMaxWait}},
		"the call's own":              {policy.Retry{}, policy.State{MaxWait: new(time.Hour), Waited: time.Minute}, left{59 * time.Minute, apierrors.StopMaxWait}},
		"the call's own zero":         {policy.Retry{}, policy.State{MaxWait: new(time.Duration(0))}, left{0, apierrors.StopMaxWait}},
		"a key that lives longer":     {policy.Retry{}, policy.State{HasKey: true, KeyLeft: time.Hour}, left{time.Minute, apierrors.StopMaxWait}},
		"a key that does not":         {policy.Retry{}, policy.State{HasKey: true, KeyLeft: time.Second}, left{time.Second - 1, apierrors.StopMaxWait}},
		"a key that is forgotten":     {policy.Retry{}, policy.State{HasKey: true, KeyLeft: -time.Hour}, left{-1, apierrors.StopMaxWait}},
		"a near deadline":             {policy.Retry{}, policy.State{Remaining: time.Second}, left{time.Second - 1, apierrors.StopDeadline}},
		"a far deadline":              {policy.Retry{}, policy.State{Remaining: time.Hour}, left{time.Minute, apierrors.StopMaxWait}},
		"a deadline in a nanosecond":  {policy.Retry{}, policy.State{Remaining: 1}, left{0, apierrors.StopDeadline}},
		"a deadline that has passed":  {policy.Retry{}, policy.State{Remaining: -time.Hour}, left{-1, apierrors.StopDeadline}},
		"a deadline at the same time": {policy.Retry{}, policy.State{Remaining: time.Minute + 1}, left{time.Minute, apierrors.StopDeadline}},
	} {
		t.Run(name, func(t *testing.T) {
			p := policy.Default().WithRetry(tt.policy)
			wait, stop := p.WaitLeft(tt.state)
			if diff := cmp.Diff(tt.want, left{wait, stop}); diff != "" {
				t.Errorf("WaitLeft mismatch (-want +got):\n%s", diff)
			}
			if wait <= 0 {
				return
			}
			fits := p.Decide(policy.Failure{Status: 503, Wait: wait}, tt.state)
			longer := p.Decide(policy.Failure{Status: 503, Wait: wait + 1}, tt.state)
			if !fits.Retry || longer.Retry || longer.Stop != stop {
				t.Errorf("Decide: a wait of %v: retry %v; of one nanosecond more: retry %v, stop %v", wait, fits.Retry, longer.Retry, longer.Stop)
			}
		})
	}
}
