// Package retrywise is the front page of a library for jobs that talk to somebody else's
// HTTP API. It has no code of its own.
//
//	go get github.com/retrywise/retrywise
//
// A client knows what each vendor's errors mean. It retries what may pass and can be
// retried safely, waits as long as the vendor asks, renews tokens, keeps rate limits, and
// returns every failure as one type:
//
//	vendor, err := vendors.Lookup(vendors.RDStation)
//	c, err := client.New(client.Config{Vendor: vendor, Auth: client.Bearer(token)})
//	contact, err := client.Do[Contact](ctx, c, client.Call{Path: "/platform/contacts/email:ana@example.com"})
//	if errors.Is(err, apierrors.NotFound) { … }
//
// Without a Vendor, any API is judged by status:
//
//	c, err := client.New(client.Config{})
//	hc := c.HTTP() // an *http.Client
//
// The packages:
//
//   - client makes the calls.
//   - errors (imported as apierrors) has the classes, the actions, and the error that a
//     caller gets.
//   - policy decides what to do about a failure, and reads an operator's file.
//   - vendors knows the APIs, as data.
//   - traffic holds what calls share: limits, pauses, the retry budget.
//   - retrywisetest is a test server with faults, in memory and in virtual time.
//
// Package [github.com/retrywise/retrywise/client] is the place to start.
package retrywise
