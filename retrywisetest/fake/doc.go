// Package fake makes a server of a vendor's file: a stand-in for that vendor's API in tests.
//
//	func TestExportWaitsForTheQueue(t *testing.T) {
//		retrywisetest.VirtualTime(t, func(t *testing.T) {
//			api := fake.New(t, vendor, fake.Options{})
//			api.Fail("E0301") // the next request, in the vendor's words
//			c, err := client.New(client.Config{Vendor: vendor, BaseURL: api.URL(), Transport: api.Transport()})
//			…
//		})
//	}
//
// The vendor is one of package vendors, or an API of your own, whose file [vendors.Parse] reads. The
// fake keeps the limits of the file and refuses what is beyond them as the vendor does, lets tokens
// expire, honors idempotency keys where the file says so, and records in a ledger what it executed,
// which the file's look-ups find. It is one account of the vendor. Its transport leads to the
// vendor's token endpoint, too.
//
// What a file does not say, a fake does not know: the form of a success, which is that of
// Options.Handler, and which of a vendor's endpoints exist.
package fake
