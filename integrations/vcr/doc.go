// Package vcr records the requests and responses of a client in a file, without secrets, and plays
// them again in tests, in virtual time. It is built on go-vcr, whose files it writes.
//
//	func TestSync(t *testing.T) {
//		retrywisetest.VirtualTime(t, func(t *testing.T) {
//			rec := vcr.New(t, "testdata/sync", vcr.Options{})
//			c, err := client.New(client.Config{Vendor: vendor, Auth: auth, Transport: rec})
//			…
//		})
//	}
//
// The test plays testdata/sync.yaml. To record that file, use Record in a program, or in a test
// without virtual time: a real API does not wait for a virtual clock.
//
// # What is masked
//
// Before anything is written, "masked" takes the place of these, and 0 that of a number in JSON:
//
//   - the values of all headers of a request but some that hold no secret, such as Accept and
//     Content-Type, and of those headers of a response that have a name like one for a credential or
//     a cookie;
//   - the values of query parameters, form fields, and members and elements of JSON and XML that
//     have such a name, such as access_token, apiKey or password, or one of Options.Fields, also in
//     the parts of a multipart body and where JSON or XML breaks off;
//   - userinfo and the fragment of URLs, and their parameters key and code;
//   - tokens in any text, such as a JWT, what follows Bearer, or keys of Stripe, GitHub, Slack, AWS,
//     Google, HubSpot, Mailchimp and others;
//   - e-mail addresses, but for those of the domains that RFC 2606 reserves, such as example.com;
//   - Options.Secrets, wherever they are, also in base64 or escaped for a URL.
//
// Other personal data, such as names, is not known to be that: give it in Secrets or Fields, or
// record with made-up records. What cannot be searched, as it is compressed, is not written:
// Close returns an error. Requests are therefore recorded with Accept-Encoding: identity.
//
// A file that has something unmasked, because it is older or was edited, is refused when it is
// loaded. The error says where, but not what.
//
// # What is played
//
// Each request gets the first recorded response that was not yet played to the same request: method,
// URL and body, compared as they are masked. So each attempt of a call gets its own. A connection
// that failed is recorded by its kind, and fails again in the same way, but proves nothing: a POST
// whose connection was refused may be repeated when it is recorded, and not when it is played. A
// body that broke off does so again. How long a response took is not played.
package vcr
