package traffic

import (
	"sync"

	"github.com/retrywise/retrywise/policy"
)

// A budget pays for the retries of all calls of one account, so that a vendor that is
// down does not get several times the load (Site Reliability Engineering, chapter 21). It
// starts small, as a fleet of many small processes has many budgets. A retry that succeeds
// gets its price back, as with the AWS SDKs: one failure after the other, each cured by a
// retry, is not an outage.
type budget struct {
	mu    sync.Mutex
	spent int // tokens below full; negative: saved up
	known int // of spent, what the Store knows
	last  policy.Prices
}

// pay takes a price. It reports whether a retry may follow.
func (b *budget) pay(p policy.Prices, price int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = p
	if p.EachFailure {
		b.spent = min(b.spent+price, p.Full)
		return 2*b.spent < p.Full
	}
	if b.spent+price > p.Full {
		return false
	}
	b.spent += price
	return true
}

// left returns how many retries are left.
func (b *budget) left(p policy.Prices) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	tokens := p.Full - b.spent
	if p.EachFailure {
		tokens -= p.Full/2 + 1
	}
	return max(tokens, 0) / max(p.Retry, 1)
}

// take takes up the end of a request: a success, a retry that succeeded, or a record that was
// refused.
func (b *budget) take(r Report) {
	switch {
	case r.Served && r.Paid > 0 && !r.Prices.EachFailure:
		b.save(r.Prices, r.Paid)
	case r.Served, r.Refused:
		b.save(r.Prices, r.Prices.Success)
	}
}

func (b *budget) save(p policy.Prices, tokens int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = p
	b.spent = max(b.spent-tokens, p.Full-max(p.Most, p.Full))
}

// purse is what the Store has to know, and what is spent.
func (b *budget) purse() (p Purse, spent int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Purse{Spent: b.spent - b.known, Full: b.last.Full, Most: b.last.Most}, b.spent
}

// settle takes up what all processes have spent, as the Store says what is left after an exchange.
func (b *budget) settle(a asking, left int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a.Budget.Full == 0 {
		return
	}
	b.known = a.Budget.Full - left
	b.spent += b.known - a.spent
}

// A streak counts refused records with the same code, without a success between.
type streak struct {
	mu    sync.Mutex
	code  string
	calls int
}

// add counts the end of a call. A refusal without a code ends the streak, as unlike
// failures have none; a failure of another kind leaves it as it is.
func (s *streak) add(r Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Served, r.Refused && r.Code == "":
		s.code, s.calls = "", 0
	case !r.Refused:
	case r.Code == s.code:
		s.calls++
	default:
		s.code, s.calls = r.Code, 1
	}
}

func (s *streak) now() (code string, calls int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.code, s.calls
}
