package testserver_test

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
)

// sums is all that a ledger can tell.
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
		"zero value":         {nil, sums{}},
		"each once":          {[]string{"b", "a"}, sums{Keys: []string{"a", "b"}, A: 1, B: 1, Total: 2}},
		"one three times":    {[]string{"a", "b", "a", "a"}, sums{Keys: []string{"a", "b"}, A: 3, B: 1, Total: 4, Duplicates: 2}},
		"an empty key is ok": {[]string{"", ""}, sums{Keys: []string{""}, Total: 2, Duplicates: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			var ledger testserver.Ledger
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

func TestLedgerKeepsItsOwnCopy(t *testing.T) {
	var ledger testserver.Ledger
	payload := []byte("old")
	ledger.Record("a", payload)
	copy(payload, "new")
	ledger.Record("a", payload)
	if diff := cmp.Diff([][]byte{[]byte("old"), []byte("new")}, ledger.Payloads("a")); diff != "" {
		t.Errorf("payloads (-want +got):\n%s", diff)
	}
}

func TestLedgerAtOnce(t *testing.T) {
	var ledger testserver.Ledger
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
