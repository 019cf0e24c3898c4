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
// memory, without sockets, and are as light as a stub of the client's transport.
// Unlike a stub, they fail as a network does: after Refused, which refuses a
// connection, a client knows that nothing was sent. Start serves over TCP, for
// programs and examples.
//
// Faults makes requests fail: before they were executed, or after it, when the
// client cannot know (Fault.IsAfterExecution). Faults.Handler stands before a
// handler, Faults.Transport before any http.RoundTripper, also of a run on staging.
//
// A Ledger records what was executed. AppliedOnce compares it with what should
// have been, and NothingLeaked searches errors, logs, events and requests for
// secrets. Package fake, beside this one, makes a server of a vendor's file.
//
// The package works with every client that takes an http.RoundTripper. Servers
// speak HTTP/1.1 without TLS.
package retrywisetest
