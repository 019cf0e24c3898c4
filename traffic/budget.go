package traffic

import "sync"

// price is how many successes pay for one retry: 20%, as with Finagle and Envoy.
const price = 5

// maxSavings is how many times its full size a budget can save up.
const maxSavings = 10

// A budget pays for the retries of all calls of one account, so that a vendor that is
// down does not get several times the load (Site Reliability Engineering, chapter 21). It
// starts small, as a fleet of many small processes has many budgets. A retry that succeeds
// gets its price back, as with the AWS SDKs: one failure after the other, each cured by a
// retry, is not an outage.
type budget struct {
	mu    sync.Mutex
	spent int // below full, in parts of a retry that one success pays for; negative: saved up
}

// pay takes one retry from a budget that is full with that many. It reports whether there
// was one.
func (b *budget) pay(full int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spent+price > full*price {
		return false
	}
	b.spent += price
	return true
}

// left returns how many retries are left.
func (b *budget) left(full int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return max(full*price-b.spent, 0) / price
}

// earn counts a success, or a record that was refused.
func (b *budget) earn(full int) { b.save(1, full) }

// refund gives the price of a retry back that succeeded.
func (b *budget) refund(full int) { b.save(price, full) }

func (b *budget) save(parts, full int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spent = max(b.spent-parts, -(maxSavings-1)*full*price)
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
