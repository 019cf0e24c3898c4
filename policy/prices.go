package policy

import (
	"fmt"
	"slices"

	apierrors "github.com/retrywise/retrywise/errors"
)

// Prices say what retries cost, and what pays for them, in tokens of the budget that the calls
// of an account share. Fields that are not set are zero, except Most. Those of the AWS SDKs are
// {Full: 500, Retry: 14, Throttled: 5, Success: 1}, and those of gRPC, in tenths of its tokens,
// {Full: 100, Retry: 10, Success: 1, EachFailure: true}.
type Prices struct {
	// Full is how many tokens there are at first.
	Full int `yaml:"full,required,positive"`

	// Most is how many tokens can be saved. Zero means Full.
	Most int `yaml:"most,positive"`

	// Retry is the price of a retry, which a retry that succeeds returns.
	Retry int `yaml:"retry,required,positive"`

	// Throttled is the price of a retry after a limit refused the request.
	Throttled int `yaml:"throttled,positive"`

	// Success is what each other call returns that succeeds, or whose record is refused.
	Success int `yaml:"success,positive"`

	// EachFailure means that a failure takes the price whether or not it is retried, that a
	// retry which succeeds returns Success only, and that there are no retries while not more
	// than half of Full is left.
	EachFailure bool `yaml:"each_failure"`
}

// Parts of a default budget. A success pays for a fifth of a retry, as with Finagle and Envoy.
const (
	retryPrice = 5
	maxSavings = 10 // how many times its full size it can save up
)

// pricesOf returns the prices of a budget of so many retries.
func pricesOf(retries int) Prices {
	full := retries * retryPrice
	return Prices{Full: full, Most: maxSavings * full, Retry: retryPrice, Success: 1}
}

// problems returns what is wrong with the relation of the prices.
func (p Prices) problems(budget *int) []string {
	switch {
	case p == Prices{}:
		return nil
	case budget != nil:
		return []string{"budget has no effect with prices, which replace it"}
	case p.Most > 0 && p.Most < p.Full:
		return []string{fmt.Sprintf("prices: expected most to be at least full; got %d and %d", p.Most, p.Full)}
	case p.Full > 0 && p.Retry > p.Full:
		return []string{fmt.Sprintf("prices: expected full to pay for a retry; got %d and %d", p.Full, p.Retry)}
	default:
		return nil
	}
}

// rangeProblems returns what the tags of p say about numbers.
func (p Prices) rangeProblems() []string {
	if p != (Prices{}) && (p.Full <= 0 || p.Retry <= 0) {
		return []string{fmt.Sprintf("prices: expected full and retry above zero; got %d and %d", p.Full, p.Retry)}
	}
	return slices.Concat(notNegative("prices: most", p.Most), notNegative("prices: throttled", p.Throttled), notNegative("prices: success", p.Success))
}

// price returns what d takes from the budget.
func (p Policy) price(d Decision) int {
	prices := p.retry.withDefaults(defaultRetry).BudgetPrices()
	isCounted := d.Retry || prices.EachFailure && slices.Contains(repeating, d.Action)
	switch {
	case !isCounted:
		return 0
	case d.Action == apierrors.Throttle:
		return prices.Throttled
	case d.Free:
		return 0
	default:
		return prices.Retry
	}
}
