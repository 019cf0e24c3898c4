package vendors_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

// BenchmarkParse reads the files of all vendors, as the first Lookup of each does.
func BenchmarkParse(b *testing.B) {
	var files [][]byte
	for _, name := range vendors.Names() {
		data, err := os.ReadFile("catalog/" + name + ".yaml")
		if err != nil {
			b.Fatal(err)
		}
		files = append(files, data)
	}
	for b.Loop() {
		for _, data := range files {
			if _, err := vendors.Parse(data); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkReadAll reads the files of all vendors at once, as the first ByHost or Guess does.
func BenchmarkReadAll(b *testing.B) {
	for b.Loop() {
		if n := vendors.ReadAll(); n != len(vendors.Names()) {
			b.Fatal(n)
		}
	}
}

// BenchmarkDecide decides about a code of a file with few or many codes.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n, " codes"), func(b *testing.B) {
			v, a := withCodes(b, n), policy.Answer{Status: 400, Body: []byte(`{"code":"CODE_9"}`)}
			for b.Loop() {
				if d := v.Policy().Decide(*v.Decode(a), policy.State{}); d.Code != "CODE_9" {
					b.Fatal(d.Rule)
				}
			}
		})
	}
}

// withCodes returns a vendor with n codes.
func withCodes(t testing.TB, n int) *vendors.Vendor {
	t.Helper()
	var text strings.Builder
	text.WriteString("decode: [{code: code}]\ncodes:\n")
	for i := range n {
		fmt.Fprintf(&text, "  - {code: CODE_%d, class: validation}\n", n-1-i)
	}
	return parsed(t, text.String())
}
