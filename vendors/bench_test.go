package vendors_test

import (
	"testing"

	"github.com/retrywise/retrywise/vendors"
)

// BenchmarkLoad reads and compiles every vendor.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		for _, name := range vendors.Names() {
			if _, err := vendors.Lookup(name); err != nil {
				b.Fatal(err)
			}
		}
	}
}
