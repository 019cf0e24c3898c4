package traffic

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A caller is a call that is decided by a policy, and pays from the budget of a Memory.
type caller struct {
	memory *Memory
	policy policy.Policy
	failed int // attempts
	paid   int // for the latest
}

// A move is what a caller did after a response, and the tokens that were left then.
type move struct {
	what   string
	delay  time.Duration
	tokens int
}

// on does what the policy says about a response with a status, with the longest backoff.
func (c *caller) on(t *testing.T, status int) move {
	t.Helper()
	prices := c.policy.Retry().BudgetPrices()
	ctx, now, a := t.Context(), time.Time{}, Account{}
	if status < 400 {
		report := Report{Served: true, Paid: c.paid, Prices: prices}
		_ = c.memory.Admit(ctx, now, Demand{}).Done(ctx, now, report)
		c.failed, c.paid = 0, 0
		return move{"success", 0, c.tokens(t)}
	}
	c.failed++
	s := policy.State{Attempts: c.failed, Random: 1}
	d := c.policy.Decide(policy.Failure{Status: status}, s)
	if d.Price > 0 && !c.memory.Pay(ctx, now, a, prices, d.Price) && d.Retry {
		s.OutOfBudget = true
		d = c.policy.Decide(policy.Failure{Status: status}, s)
	}
	if c.paid = d.Price; d.Retry {
		return move{"retry", d.Delay, c.tokens(t)}
	}
	c.failed = 0
	return move{d.Stop.String(), 0, c.tokens(t)}
}

// tokens returns how many tokens are left.
func (c *caller) tokens(t *testing.T) int {
	t.Helper()
	p := c.policy.Retry().BudgetPrices()
	return c.memory.Status(t.Context(), time.Time{}, policy.Prices{Full: p.Full, Retry: 1})[0].Retries
}

// A step is a response, and what the caller does about it.
type step struct {
	status int
	want   move
}

// newCaller returns a caller whose budget has that many tokens of a full one.
func newCaller(t *testing.T, p policy.Policy, tokens int) *caller {
	t.Helper()
	c := &caller{memory: NewMemory(), policy: p}
	prices := p.Retry().BudgetPrices()
	if !c.memory.Pay(t.Context(), time.Time{}, Account{}, prices, prices.Full-tokens) {
		t.Fatalf("the budget does not have %d tokens", prices.Full-tokens)
	}
	return c
}

// awsPolicy is a policy with the constants of an AWS SDK: those of its backoff are for failures of
// the vendor. A refusal by a limit waits a second or more.
func awsPolicy(prices policy.Prices, attempts int, base, most time.Duration) policy.Policy {
	return policy.Default().
		WithRetry(policy.Retry{MaxAttempts: attempts, Backoff: policy.Backoff{Base: base, Cap: most}, Prices: prices}).
		With(policy.Rule{When: policy.Match{Class: apierrors.RateLimited}, Backoff: policy.Backoff{Base: time.Second, Cap: 20 * time.Second}})
}

// The vectors of the AWS SDKs' standard mode, in their classic and their 2026 form, as far as they
// are about the quota. A random number of 1 is the longest backoff.
func TestBudgetOfTheAWSSDKs(t *testing.T) {
	classic := func(attempts int, most time.Duration) policy.Policy {
		return awsPolicy(policy.Prices{Full: 500, Retry: 5, Success: 1}, attempts, time.Second, most)
	}
	current := func(attempts int, base, most time.Duration) policy.Policy {
		return awsPolicy(policy.Prices{Full: 500, Retry: 14, Throttled: 5, Success: 1}, attempts, base, most)
	}
	const s, ms = time.Second, time.Millisecond
	retry := func(delay time.Duration, tokens int) move { return move{"retry", delay, tokens} }
	success := func(tokens int) move { return move{"success", 0, tokens} }
	attempts := func(tokens int) move { return move{"attempts", 0, tokens} }
	budget := func(tokens int) move { return move{"budget", 0, tokens} }
	for name, tt := range map[string]struct {
		policy policy.Policy
		tokens int
		steps  []step
	}{
		"classic: a retry succeeds":   {classic(3, 20*s), 500, []step{{500, retry(s, 495)}, {500, retry(2*s, 490)}, {200, success(495)}}},
		"classic: no attempts left":   {classic(3, 20*s), 500, []step{{502, retry(s, 495)}, {502, retry(2*s, 490)}, {502, attempts(490)}}},
		"classic: the quota runs out": {classic(3, 20*s), 5, []step{{500, retry(s, 0)}, {502, budget(0)}}},
		"classic: no quota":           {classic(3, 20*s), 0, []step{{500, budget(0)}}},
		"classic: backoff":            {classic(5, 20*s), 500, []step{{500, retry(s, 495)}, {500, retry(2*s, 490)}, {500, retry(4*s, 485)}, {500, retry(8*s, 480)}, {500, attempts(480)}}},
		"classic: a cap":              {classic(5, 3*s), 500, []step{{500, retry(s, 495)}, {500, retry(2*s, 490)}, {500, retry(3*s, 485)}, {500, retry(3*s, 480)}, {500, attempts(480)}}},

		"2026: a retry succeeds":        {current(3, 50*ms, 20*s), 500, []step{{500, retry(50*ms, 486)}, {500, retry(100*ms, 472)}, {200, success(486)}}},
		"2026: no attempts left":        {current(3, 50*ms, 20*s), 500, []step{{502, retry(50*ms, 486)}, {502, retry(100*ms, 472)}, {502, attempts(472)}}},
		"2026: the quota runs out":      {current(3, 50*ms, 20*s), 14, []step{{500, retry(50*ms, 0)}, {500, budget(0)}}},
		"2026: no quota":                {current(3, 50*ms, 20*s), 0, []step{{500, budget(0)}}},
		"2026: backoff":                 {current(5, 50*ms, 20*s), 500, []step{{500, retry(50*ms, 486)}, {500, retry(100*ms, 472)}, {500, retry(200*ms, 458)}, {500, retry(400*ms, 444)}, {500, attempts(444)}}},
		"2026: a cap":                   {current(5, 50*ms, 200*ms), 500, []step{{500, retry(50*ms, 486)}, {500, retry(100*ms, 472)}, {500, retry(200*ms, 458)}, {500, retry(200*ms, 444)}, {500, attempts(444)}}},
		"2026: less than a price":       {current(5, 50*ms, 20*s), 20, []step{{500, retry(50*ms, 6)}, {502, budget(6)}}},
		"2026: throttled":               {current(3, 50*ms, 20*s), 500, []step{{429, retry(s, 495)}, {200, success(500)}}},
		"2026: throttled, no quota":     {current(3, 50*ms, 20*s), 0, []step{{429, budget(0)}}},
		"2026: the quota recovers":      {current(5, 50*ms, 20*s), 30, []step{{500, retry(50*ms, 16)}, {502, retry(100*ms, 2)}, {200, success(16)}, {500, retry(50*ms, 2)}, {200, success(16)}}},
		"2026: a success pays":          {current(5, 50*ms, 20*s), 30, []step{{200, success(31)}}},
		"2026: a full quota stays full": {current(5, 50*ms, 20*s), 500, []step{{200, success(500)}}},
		"2026: DynamoDB":                {current(4, 25*ms, 20*s), 500, []step{{500, retry(25*ms, 486)}, {500, retry(50*ms, 472)}, {500, retry(100*ms, 458)}, {500, attempts(458)}}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t, tt.policy, tt.tokens)
			for i, step := range tt.steps {
				if got := c.on(t, step.status); got != step.want {
					t.Errorf("step %d, status %d: %+v; want %+v", i+1, step.status, got, step.want)
				}
			}
		})
	}
}

// The default budget counts in fifths of a retry, without a remainder.
func TestBudgetByDefault(t *testing.T) {
	var b budget
	prices := policy.Default().Retry().BudgetPrices()
	pays := func(want int) {
		t.Helper()
		got := 0
		for b.pay(prices, prices.Retry) {
			got++
		}
		if got != want {
			t.Errorf("paid for %d; want %d", got, want)
		}
	}
	served := Report{Served: true, Prices: prices}
	pays(10)
	for range 4 {
		b.take(served)
	}
	pays(0)
	b.take(served)
	pays(1)
	for range 10_000 {
		b.take(served)
	}
	pays(100)
	b.take(Report{Served: true, Paid: prices.Retry, Prices: prices})
	pays(1)
}

// Two calls share one budget, and each gets back what it paid.
func TestBudgetOfTwoCalls(t *testing.T) {
	one := newCaller(t, awsPolicy(policy.Prices{Full: 500, Retry: 14, Success: 1}, 3, time.Second, time.Second), 500)
	two := &caller{memory: one.memory, policy: one.policy}
	var got []int
	for _, step := range []struct {
		caller *caller
		status int
	}{{one, 500}, {one, 500}, {two, 500}, {one, 200}, {two, 200}} {
		got = append(got, step.caller.on(t, step.status).tokens)
	}
	if diff := cmp.Diff([]int{486, 472, 458, 472, 486}, got); diff != "" {
		t.Errorf("tokens (-want +got):\n%s", diff)
	}
}

// The vector of gRPC's retry throttling: 10 tokens, a failure takes one, a success returns half of
// one, and there are no retries with 5 tokens or less. It is in halves of a token here.
func TestBudgetOfGRPC(t *testing.T) {
	p := policy.Default().WithRetry(policy.Retry{MaxAttempts: 4, Prices: policy.Prices{Full: 20, Retry: 2, Success: 1, EachFailure: true}})
	isServed := map[int]bool{0: true, 3: true, 6: true, 10: true, 11: true, 12: true, 13: true, 14: true, 16: true, 18: true}
	type end struct {
		isOK    bool
		request int // the last one of the call
		halves  int
	}
	var got []end
	c := newCaller(t, p, 20)
	for request := 0; len(got) < 12; request++ {
		status := 503
		if isServed[request] {
			status = 200
		}
		if m := c.on(t, status); m.what != "retry" {
			got = append(got, end{m.what == "success", request, m.tokens})
		}
	}
	want := []end{
		{true, 0, 20}, {true, 3, 17}, {true, 6, 14}, {false, 8, 10}, {false, 9, 8}, {true, 10, 9}, {true, 11, 10}, {true, 12, 11},
		{true, 13, 12}, {true, 14, 13}, {true, 16, 12}, {false, 17, 10},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(end{})); diff != "" {
		t.Errorf("ends of calls (-want +got):\n%s", diff)
	}
}

// With EachFailure, the last attempt of a call takes its price as well, and tokens do not fall
// below zero.
func TestBudgetOfEachFailure(t *testing.T) {
	p := policy.Default().WithRetry(policy.Retry{MaxAttempts: 1, Prices: policy.Prices{Full: 20, Retry: 6, Success: 1, EachFailure: true}})
	c := newCaller(t, p, 20)
	var got []move
	for range 5 {
		got = append(got, c.on(t, 503))
	}
	want := []move{{"attempts", 0, 14}, {"attempts", 0, 8}, {"attempts", 0, 2}, {"attempts", 0, 0}, {"attempts", 0, 0}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(move{})); diff != "" {
		t.Errorf("moves (-want +got):\n%s", diff)
	}
}

// Status counts the retries that the budget still pays for.
func TestStatusCountsRetries(t *testing.T) {
	for name, tt := range map[string]struct {
		prices policy.Prices
		want   []int // before each failure
	}{
		"by retry":   {policy.Prices{Full: 20, Retry: 6}, []int{3, 2, 1, 0, 0}},
		"by failure": {policy.Prices{Full: 20, Retry: 3, EachFailure: true}, []int{3, 2, 1, 0, 0}},
		"no budget":  {policy.Prices{}, []int{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			m, now := NewMemory(), time.Time{}
			_ = m.Admit(t.Context(), now, Demand{}).Done(t.Context(), now, Report{Prices: tt.prices})
			var got []int
			for range tt.want {
				left := m.Status(t.Context(), now, tt.prices)[0].Retries
				got = append(got, left)
				if isPaid := m.Pay(t.Context(), now, Account{}, tt.prices, max(tt.prices.Retry, 1)); isPaid != (left > 0) {
					t.Errorf("paid %v with %d retries left", isPaid, left)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("retries (-want +got):\n%s", diff)
			}
		})
	}
}
