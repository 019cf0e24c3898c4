package retrywisetest_test

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/retrywisetest"
)

// sums is what a ledger reports.
type sums struct {
	Keys       []string
	A, B       int
	Total      int
	Duplicates int
}

func TestLedger(t *testing.T) {
	for name, tt := range map[string]struct {
		keys []string
		want sums
	}{
		"zero value":      {nil, sums{}},
		"each once":       {[]string{"b", "a"}, sums{Keys: []string{"a", "b"}, A: 1, B: 1, Total: 2}},
		"one three times": {[]string{"a", "b", "a", "a"}, sums{Keys: []string{"a", "b"}, A: 3, B: 1, Total: 4, Duplicates: 2}},
		"an empty key":    {[]string{"", ""}, sums{Keys: []string{""}, Total: 2, Duplicates: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			var ledger retrywisetest.Ledger
			for _, key := range tt.keys {
				ledger.Record(key, []byte("payload"))
			}
			g := sums{ledger.Keys(), ledger.Count("a"), ledger.Count("b"), ledger.Total(), ledger.Duplicates()}
			if diff := cmp.Diff(tt.want, g); diff != "" {
				t.Errorf("ledger (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLedgerCopiesPayloads(t *testing.T) {
	var ledger retrywisetest.Ledger
	payload := []byte("old")
	ledger.Record("a", payload)
	copy(payload, "new")
	ledger.Record("a", payload)
	if diff := cmp.Diff([][]byte{[]byte("old"), []byte("new")}, ledger.Payloads("a")); diff != "" {
		t.Errorf("payloads (-want +got):\n%s", diff)
	}
}

func TestLedgerIsSafeForConcurrentUse(t *testing.T) {
	var ledger retrywisetest.Ledger
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			ledger.Record("a", nil)
			ledger.Duplicates()
		})
	}
	wg.Wait()
	if n := ledger.Count("a"); n != 50 {
		t.Errorf("count %d; want 50", n)
	}
}
