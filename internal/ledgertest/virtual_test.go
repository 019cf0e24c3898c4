package ledgertest

import (
	"flag"
	"testing"

	"github.com/retrywise/retrywise/retrywisetest"
)

var virtual = flag.Int("virtual", 10_000, "how many calls are made in virtual time")

// The calls and faults of TestLedgerAgreesWithWhatCallsReturn, over connections in memory and in
// virtual time: all that they wait for costs nothing, and so there are more of them, and a third is
// looked up.
func TestLedgerInVirtualTime(t *testing.T) {
	s, sum := theSeed(), summary{}
	for first := 0; first < *virtual && !t.Failed(); first += batchSize {
		b := newBatch(s, first, min(batchSize, *virtual-first))
		for i := range b.plans {
			b.plans[i].lookup = i%3 == 0
		}
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			network := newMemoryNetwork()
			b.makeCalls(t, openSites(t, b.book, network))
			network.relays.Wait()
			b.compare(t)
		})
		sum.add(b)
	}
	t.Log(sum)
	if t.Failed() {
		t.Logf("repeat it with: go test -count=1 -run Virtual . -seed=%d -virtual=%d", s, *virtual)
	}
}
