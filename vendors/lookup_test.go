package vendors_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

// How the vendors' writes are looked up. No document says that a read shows each write, so what is
// not found proves nothing.
func TestLookupsOfTheVendors(t *testing.T) {
	for name, tt := range map[string]struct {
		method, path string
		want         policy.Lookup
	}{
		vendors.Connectif: {"POST", "/purchases/", policy.Lookup{Path: "/purchases/purchase-id/p-1", At: "/purchaseId", Is: "p-1"}},
		vendors.RDStation: {"PATCH", "/platform/contacts/email:ana%2Bb@example.com", policy.Lookup{Path: "/platform/contacts/email:ana+b@example.com", HasBody: true}},
	} {
		l, segments, ok := lookup(t, name).Policy().LookupFor(tt.method, tt.path)
		filled, missing := l.Fill(func(name string) (string, bool) {
			value, ok := segments[name]
			if name == "body.purchaseId" {
				return "p-1", true
			}
			return value, ok
		})
		if diff := cmp.Diff(tt.want, filled); diff != "" || missing != "" || !ok {
			t.Errorf("%s: %v, missing %q, look-up (-want +got):\n%s", name, ok, missing, diff)
		}
	}
}

// A vendor's file is read once: ByHost and another Lookup return the same Vendor, and that Lookup
// costs nothing.
func TestLookupAgainAllocatesNothing(t *testing.T) {
	first := lookup(t, vendors.Stripe)
	if vendors.ByHost("api.stripe.com") != first {
		t.Error("ByHost returns another Vendor than Lookup")
	}
	n := testing.AllocsPerRun(100, func() {
		if again, err := vendors.Lookup(vendors.Stripe); again != first || err != nil {
			t.Errorf("another Vendor, error %v", err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations; want 0", n)
	}
}
