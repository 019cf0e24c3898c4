// Package retrywisetest tests HTTP clients against a server that fails on command.
//
// A test scripts the answers of a server, in virtual time, and gives the client
// the server's Transport:
//
//	func TestFetchWaitsForAnHour(t *testing.T) {
//		retrywisetest.VirtualTime(t, func(t *testing.T) {
//			srv := retrywisetest.New(t,
//				retrywisetest.Status(503, "Retry-After", "3600"),
//				retrywisetest.JSON(200, `{"id":"42"}`),
//			)
//			client := &http.Client{Transport: srv.Transport()}
//			if err := fetch(t.Context(), client, srv.URL()+"/contacts/42"); err != nil {
//				t.Error(err)
//			}
//			if want := []time.Duration{time.Hour}; !slices.Equal(srv.Gaps(), want) {
//				t.Errorf("waits %v; want %v", srv.Gaps(), want)
//			}
//		})
//	}
//
// Here fetch is the code under test. The test takes about a millisecond.
//
// New serves a script and fails the test if the client sends more or fewer
// requests than there are answers. Handle serves any http.Handler. Both work in
// memory, without sockets. Start serves over TCP, for programs and examples.
//
// Faults makes requests to a handler fail: before the handler has run, or after it,
// when the request was executed and the client cannot know. A Ledger
// records what was executed, and so shows what a client did twice or lost.
//
// The package works with every client that takes an http.RoundTripper. Servers
// speak HTTP/1.1 without TLS.
package retrywisetest
