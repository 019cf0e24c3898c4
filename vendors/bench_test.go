package vendors_test

import (
	"os"
	"testing"

	"github.com/retrywise/retrywise/vendors"
)

// BenchmarkParse reads a vendor's file, as the first Lookup of a vendor does.
func BenchmarkParse(b *testing.B) {
	data, err := os.ReadFile("catalog/rdstation.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := vendors.Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}
