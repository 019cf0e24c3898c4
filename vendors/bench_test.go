package vendors_test

import (
	"testing"

	"github.com/retrywise/retrywise/vendors"
)

// BenchmarkLookup reads all vendors.
func BenchmarkLookup(b *testing.B) {
	for b.Loop() {
		for _, name := range vendors.Names() {
			if _, err := vendors.Lookup(name); err != nil {
				b.Fatal(err)
			}
		}
	}
}
