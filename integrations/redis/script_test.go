//go:build redis

package retrywiseredis_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/traffic"
)

var seeds = flag.Int("seeds", 60, "how many seeds TestScriptDoesWhatAMemoryStoreDoes tries")

// The script decides as a MemoryStore does, whatever several processes ask for.
func TestScriptDoesWhatAMemoryStoreDoes(t *testing.T) {
	store := start(t).store(t)
	now := time.Now()
	store.SetNow(func() time.Time { return now })
	seen := map[string]int{}
	for seed := range *seeds {
		memory, c := traffic.NewMemoryStore(), newChance(seed)
		for i := range 250 {
			now = now.Add(c.step())
			x := c.exchange()
			want, got := memory.ExchangeAt(now, x), exchanged(t, store, x)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d, exchange %d: %+v\nmismatch (-want +got):\n%s", seed, i, x, diff)
			}
			note(seen, x, want)
		}
	}
	for _, what := range []string{
		"now", "later", "wait", "hold", "few slots", "closed", "suspect", "held", "ramping", "granted", "cause",
		"leads", "takes over", "follows", "evidence", "no retries", "renewal granted", "renewal taken", "processes",
	} {
		if seen[what] < *seeds/2 {
			t.Errorf("%q was met %d times: chance is too narrow", what, seen[what])
		}
	}
	t.Log(seen)
}

// note counts what a Result has.
func note(seen map[string]int, x traffic.Exchange, r traffic.Result) {
	add := func(what string, is bool) {
		if is {
			seen[what]++
		}
	}
	for i, g := range r.Limits {
		add("now", g.Now > 0)
		add("later", g.Later > 0)
		add("wait", g.Wait > 0)
		add("hold", g.Hold > 0)
		add("few slots", g.Hold < x.Limits[i].Hold)
		add("closed", g.Closed > 0)
		add("leads", g.Leads)
		add("takes over", g.Leads && !x.Limits[i].Leads)
		add("follows", !g.Leads && g.Learned.PerSecond > 0)
		add("evidence", g.Evidence.Refused > 0)
	}
	for _, v := range r.Outages {
		add("suspect", v.State == traffic.Suspect)
		add("held", v.State == traffic.Held)
		add("ramping", v.State == traffic.Ramping)
		add("granted", v.Granted)
		add("cause", v.Cause != "")
	}
	add("no retries", x.Budget.Full > 0 && r.Retries == 0)
	for i, wait := range r.Renewals {
		add("renewal granted", wait == 0 && !x.Renewals[i].Returns)
		add("renewal taken", wait > 0)
	}
	add("processes", r.Processes > 3)
}

// A chance makes exchanges of one account by chance. Some seeds are healthy, others fail often. Of
// some, times are multiples of a grain, so that they meet exactly.
type chance struct {
	*rand.Rand

	grain    time.Duration
	account  string
	limits   []traffic.Take // those with an Edge have one from time to time
	failures float64        // how often a sight has some
}

func newChance(seed int) *chance {
	c := &chance{Rand: rand.New(rand.NewPCG(uint64(seed), 12)), account: fmt.Sprintf("account%d", seed)}
	c.failures = []float64{0.05, 0.5, 0.9}[c.IntN(3)]
	c.grain = []time.Duration{time.Nanosecond, 10 * time.Millisecond, 50 * time.Millisecond}[c.IntN(3)]
	window := c.between(time.Second, time.Hour)
	c.limits = []traffic.Take{
		{}, // of the account, which has a gate only
		{PerSecond: c.ExpFloat64() * 100, Burst: c.IntN(20)},
		{PerSecond: 0.001 + c.Float64(), Burst: 1 + c.IntN(3)},
		{PerSecond: 20, Burst: 3},
		{Size: 1 + c.IntN(500), Window: window, Edge: 1},
		{Size: 1 + c.IntN(50), Window: c.between(time.Millisecond, 2*time.Second), Edge: 1},
		{Size: 1 + c.IntN(100), Window: c.between(time.Second, 5*time.Second)},
		{Size: 100 + c.IntN(300), Window: c.between(time.Second, 20*time.Second)},
		{Slots: 1 + c.IntN(10)},
		{PerSecond: 1 + c.ExpFloat64()*50, Burst: 5, Size: 100 + c.IntN(1000), Window: time.Minute, Slots: 1 + c.IntN(30)},
	}
	for i := range c.limits {
		c.limits[i].Limit = fmt.Sprintf("limit%d", i)
		c.limits[i].Window = c.limits[i].Window.Truncate(time.Microsecond)
	}
	return c
}

func (c *chance) between(least, most time.Duration) time.Duration {
	return max(least, (least + time.Duration(c.Int64N(int64(most-least)))).Truncate(c.grain))
}

// step is how long it takes until the next exchange: mostly short, rarely hours.
func (c *chance) step() time.Duration {
	switch n := c.IntN(200); {
	case n == 0:
		return c.between(0, 5*time.Hour)
	case n < 10:
		return c.between(0, time.Minute)
	case n < 60:
		return c.between(0, 3*time.Second)
	default:
		return c.between(0, 200*time.Millisecond)
	}
}

func (c *chance) exchange() traffic.Exchange {
	x := traffic.Exchange{Account: c.account, Process: fmt.Sprintf("process%d", c.IntN(5))}
	for range c.IntN(4) {
		x.Limits = append(x.Limits, c.take())
	}
	for range c.IntN(3) {
		x.Outages = append(x.Outages, c.sight())
	}
	if c.IntN(2) == 0 {
		x.Budget = traffic.Purse{Spent: c.IntN(30) - 10, Full: 100, Most: []int{0, 100, 300}[c.IntN(3)]}
	}
	for range c.IntN(2) {
		p := traffic.Permit{Rejected: fmt.Sprintf("token%d", c.IntN(3)), Returns: c.IntN(3) == 0}
		if !p.Returns || c.IntN(2) == 0 {
			p.For = c.between(time.Microsecond, 30*time.Second)
		}
		x.Renewals = append(x.Renewals, p)
	}
	return x
}

func (c *chance) take() traffic.Take {
	t := c.limits[c.IntN(len(c.limits))]
	t.Want = c.IntN(3) * c.IntN(50)
	if c.IntN(5) == 0 {
		t.Back, t.BackFrom = c.IntN(10), c.between(0, 500*time.Millisecond)
	}
	if c.IntN(40) == 0 {
		t.Close = c.between(0, 10*time.Second)
	}
	if c.IntN(4) == 0 {
		t.Evidence.Accepted = c.IntN(40)
	}
	if c.IntN(20) == 0 {
		t.Evidence = traffic.Evidence{
			Accepted: c.IntN(40), Refused: 1 + c.IntN(3), Left: c.between(0, time.Second), Wait: c.between(0, time.Minute), ByVendor: c.IntN(2) == 0,
		}
	}
	if c.IntN(12) == 0 {
		t.Leads = true
		if c.IntN(8) > 0 {
			t.Learned = traffic.Pace{PerSecond: c.ExpFloat64() * 50, Burst: 1 + c.IntN(4)}
		}
	}
	if t.Edge > 0 {
		t.Edge = time.Duration(c.IntN(2)) * c.between(0, 2*t.Window)
	}
	if t.Slots > 0 {
		t.Hold = c.IntN(2 * t.Slots)
		t.Busy = c.IntN(t.Hold + 1)
	}
	return t
}

func (c *chance) sight() traffic.Sight {
	s := traffic.Sight{
		Endpoint: []string{"", "", "endpoint1", "endpoint2"}[c.IntN(4)],
		Probe:    c.IntN(2) == 0, Elsewhere: c.IntN(40) == 0,
	}
	if c.Float64() >= c.failures {
		s.Served, s.Left = c.IntN(40), c.between(0, time.Second)
	}
	if c.Float64() < c.failures {
		s.Failures, s.First, s.Unreachable = c.IntN(20), c.between(0, time.Second), c.IntN(2) == 0
		s.Cause = []string{"503", "connection refused", "tïmeout \"<>\" \x00"}[c.IntN(3)]
		for range c.IntN(4) {
			s.Calls = append(s.Calls, fmt.Sprint(c.IntN(6)))
		}
	}
	return s
}
