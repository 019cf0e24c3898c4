package retrywisetest

import (
	"slices"
	"testing"
)

// AppliedOnce fails the test unless the ledger has exactly one execution under each of keys, and no
// key, of these or of others, has more. Without keys, it fails for duplicates alone.
func AppliedOnce(t testing.TB, ledger *Ledger, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if ledger.Count(key) == 0 {
			t.Errorf("%s was not executed; want once", key)
		}
	}
	for _, key := range ledger.Keys() {
		if n := ledger.Count(key); n > 1 {
			t.Errorf("%s was executed %d times; want once", key, n)
		} else if len(keys) > 0 && !slices.Contains(keys, key) {
			t.Errorf("%s was executed, and is none of the keys", key)
		}
	}
}
