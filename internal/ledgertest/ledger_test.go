// Package ledgertest makes many calls at once over real connections, to servers that fail in
// every way they can, and compares what each call returned with what the servers executed.
package ledgertest

import (
	"context"
	"flag"
	"math/rand/v2"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

var (
	calls = flag.Int("calls", 5_000, "how many calls are made")
	seed  = flag.Uint64("seed", 0, "what the calls and faults are drawn from; 0: a new one")
)

// batchSize bounds the calls to one set of servers: after each batch, everything must have
// ended.
const batchSize = 5_000

// workers is how many calls are made at once.
const workers = 32

// Calls and faults are drawn from the seed. When they meet is up to the machine, so a failure
// may need several runs.
func TestLedgerAgreesWithWhatCallsReturn(t *testing.T) {
	s, sum := theSeed(), summary{}
	for first := 0; first < *calls && !t.Failed(); first += batchSize {
		b := newBatch(s, first, min(batchSize, *calls-first))
		b.run(t)
		sum.add(b)
	}
	t.Log(sum)
	if t.Failed() {
		t.Logf("repeat it with: go test -count=1 . -seed=%d -calls=%d", s, *calls)
	}
}

// theSeed returns the flag, or a new seed.
func theSeed() uint64 {
	s := *seed
	for s == 0 {
		s = rand.Uint64()
	}
	return s
}

// A batch is a number of calls to servers of their own.
type batch struct {
	first    int // number of the first call
	plans    []plan
	book     *book
	outcomes []outcome
}

func newBatch(seed uint64, first, size int) *batch {
	b := &batch{first: first, plans: make([]plan, size), outcomes: make([]outcome, size)}
	for i := range b.plans {
		b.plans[i] = newPlan(seed, first+i)
	}
	b.book = newBook(b.plans)
	return b
}

// run makes the calls, ends everything, and then compares.
func (b *batch) run(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	b.makeCalls(t, openSites(t, b.book, nil))
	if err := goleak.Find(before); err != nil {
		t.Errorf("after the servers were closed: %v", err)
	}
	b.compare(t)
}

// makeCalls makes the calls, and closes the sites.
func (b *batch) makeCalls(t *testing.T, sites []*site) {
	t.Helper()
	next := make(chan int)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := range next {
				p := &b.plans[i]
				b.outcomes[i] = sites[p.way].call(context.WithoutCancel(t.Context()), p)
			}
		})
	}
	for i := range b.plans {
		next <- i
	}
	close(next)
	all.Wait()
	for _, s := range sites {
		s.close()
	}
}

// compare compares what each call returned with what was executed.
func (b *batch) compare(t *testing.T) {
	t.Helper()
	for i, p := range b.plans {
		for _, problem := range b.problems(i) {
			t.Errorf("call %d, %v\nended in %v\n%s", b.first+i, p, b.outcomes[i], problem)
		}
	}
}
