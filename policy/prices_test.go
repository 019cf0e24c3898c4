package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// Of a budget and prices, the one that was set last counts.
func TestRetryBudgetPrices(t *testing.T) {
	ten := policy.Prices{Full: 50, Most: 500, Retry: 5, Success: 1}
	aws := policy.Prices{Full: 500, Retry: 14, Throttled: 5, Success: 1}
	vendor := policy.Default().WithRetry(policy.Retry{Prices: aws})
	for name, tt := range map[string]struct {
		policy policy.Policy
		want   policy.Prices
	}{
		"the default":               {policy.Default(), ten},
		"no budget":                 {policy.Default().WithRetry(policy.Retry{Budget: new(0)}), policy.Prices{Retry: 5, Success: 1}},
		"prices":                    {vendor, aws},
		"another bound on top":      {vendor.WithRetry(policy.Retry{MaxAttempts: 2}), aws},
		"a budget on top":           {vendor.WithRetry(policy.Retry{Budget: new(10)}), ten},
		"prices on top of a budget": {policy.Default().WithRetry(policy.Retry{Budget: new(2)}).WithRetry(policy.Retry{Prices: aws}), aws},
		"a copy of all bounds":      {policy.Default().WithRetry(vendor.Retry()), aws},
		"an operator's prices":      {applied(t, named(t, "shop"), "vendors: {shop: {retry: {prices: {full: 500, retry: 14, throttled: 5, success: 1}}}}"), aws},
		"an operator's budget":      {applied(t, vendor, "defaults: {retry: {budget: 10}}"), ten},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.policy.Retry().BudgetPrices()); diff != "" {
				t.Errorf("prices (-want +got):\n%s", diff)
			}
			if err := tt.policy.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCheckPrices(t *testing.T) {
	for name, tt := range map[string]struct {
		retry policy.Retry
		want  string
	}{
		"beside a budget":        {policy.Retry{Budget: new(10), Prices: policy.Prices{Full: 9, Retry: 1}}, "policy: retry: budget has no effect with prices, which replace it"},
		"nothing to pay with":    {policy.Retry{Prices: policy.Prices{Retry: 1}}, "policy: retry: prices: expected full and retry above zero; got 0 and 1"},
		"retries for nothing":    {policy.Retry{Prices: policy.Prices{Full: 9, EachFailure: true}}, "policy: retry: prices: expected full and retry above zero; got 9 and 0"},
		"too dear":               {policy.Retry{Prices: policy.Prices{Full: 4, Retry: 5}}, "policy: retry: prices: expected full to pay for a retry; got 4 and 5"},
		"less than full at most": {policy.Retry{Prices: policy.Prices{Full: 9, Most: 8, Retry: 1}}, "policy: retry: prices: expected most to be at least full; got 8 and 9"},
		"a success that costs":   {policy.Retry{Prices: policy.Prices{Full: 9, Retry: 1, Success: -1}}, "policy: retry: prices: success: expected zero or more; got -1"},
	} {
		t.Run(name, func(t *testing.T) {
			err := policy.Default().WithRetry(tt.retry).Check()
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

// What a failure takes from the budget.
func TestDecisionPrice(t *testing.T) {
	byRetry := policy.Default().WithRetry(policy.Retry{Prices: policy.Prices{Full: 500, Retry: 14, Throttled: 5}})
	byFailure := policy.Default().WithRetry(policy.Retry{Prices: policy.Prices{Full: 500, Retry: 14, Throttled: 5, EachFailure: true}})
	stale := policy.Failure{Class: apierrors.Network, Stale: true}
	for name, tt := range map[string]struct {
		policy  policy.Policy
		failure policy.Failure
		state   policy.State
		want    int
	}{
		"a retry":                             {byRetry, withCodes(503), policy.State{}, 14},
		"a retry, by default":                 {policy.Default(), withCodes(503), policy.State{}, 5},
		"after a 429":                         {byRetry, withCodes(429), policy.State{}, 5},
		"after a 429, by default":             {policy.Default(), withCodes(429), policy.State{}, 0},
		"of a smaller request":                {byRetry, withCodes(413), policy.State{CanShrink: true}, 14},
		"after a stale connection":            {byRetry, stale, policy.State{}, 0},
		"with a new token":                    {byRetry, withCodes(401), policy.State{CanRefresh: true}, 0},
		"in an outage":                        {byRetry, withCodes(503), policy.State{InOutage: true}, 0},
		"the last attempt":                    {byRetry, withCodes(503), policy.State{Attempts: 4}, 0},
		"the last attempt, by failure":        {byFailure, withCodes(503), policy.State{Attempts: 4}, 14},
		"a write that is unsafe, by failure":  {byFailure, withCodes(503), policy.State{Method: "POST"}, 14},
		"a refused record, by failure":        {byFailure, withCodes(422), policy.State{}, 0},
		"a stale connection, by failure":      {byFailure, stale, policy.State{}, 0},
		"a retry that the budget has not for": {byRetry, withCodes(503), policy.State{OutOfBudget: true}, 0},
	} {
		if d := tt.policy.Decide(tt.failure, tt.state); d.Price != tt.want {
			t.Errorf("%s: price %d, retry %v; want %d", name, d.Price, d.Retry, tt.want)
		}
	}
}
