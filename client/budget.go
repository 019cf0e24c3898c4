package client

import (
	"errors"
	"sync"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// price is how many successes pay for one retry: 20%, as with Finagle and Envoy.
const price = 5

// maxSavings is how many times its start a budget can save up.
const maxSavings = 10

// A budget pays for the retries of all calls with one credential, so that a vendor that
// is down is not sent several times what it cannot take (Site Reliability Engineering,
// chapter 21). It starts small, as a fleet of many small processes has many budgets.
type budget struct {
	mu    sync.Mutex
	spent int // beyond its start, in parts of a retry that one success pays for; negative: saved up
}

// pay takes one retry out of a budget that started with so many. It reports whether
// there was one.
func (b *budget) pay(start int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spent+price > start*price {
		return false
	}
	b.spent += price
	return true
}

// refund gives back a retry that was not made.
func (b *budget) refund() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spent -= price
}

// earn counts a success.
func (b *budget) earn(start int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spent = max(b.spent-1, -(maxSavings-1)*start*price)
}

// budget is the one that pays for the call.
func (x *call) budget() *budget {
	return &x.c.lanes.get(laneKey{credential: x.credential}, &account).budget
}

// decide asks the policy about a failed attempt. A retry is paid for before it is
// decided, so that no two calls are promised the same one; waiting out a limit and
// renewing a token cost nothing.
func (x *call) decide(o *outcome) {
	state, start := x.state(), *x.policy().Retry().Budget
	paid := !x.strange && x.budget().pay(start)
	state.OutOfBudget = !x.strange && !paid
	x.ask(o, state)
	costs := o.decision.Retry && (o.decision.Action == apierrors.Retry || o.decision.Action == apierrors.Shrink)
	if paid && !costs {
		x.budget().refund()
	}
}

// ask has the policy decide about a failed attempt, and takes out of it what must not be told.
func (x *call) ask(o *outcome, s policy.State) {
	o.decision = x.policy().Decide(o.failure, s)
	x.censor(o)
}

// earn pays into the budget if the vendor is at work: it served the call, or refused
// this record.
func (x *call) earn(err error) {
	e, failed := errors.AsType[*apierrors.Error](err)
	if err == nil || failed && e.Action == apierrors.Surface {
		x.budget().earn(*x.c.policy.Retry().Budget)
	}
}
