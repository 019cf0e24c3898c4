// Package client sends requests to somebody else's API, and sends them again only
// where the vendor's data says that this helps and where it cannot make a write
// happen twice.
//
// A [Client] is made once for each vendor and credential, and shared: it holds what
// outlives a call, which is the pace that limits set, the gates that a 429 closes, and
// the token that is renewed once for all, and the retries that its calls share. It has three doors: [Client.HTTP] is a
// drop-in for net/http, where an answer is an answer and [Client.Check] tells what it
// means; [Client.Send] takes and gives what net/http has, and [Do] is typed: both return
// an *apierrors.Error for every failure.
//
// A call's way through the package, top to bottom:
//
//	client.go     Config, New
//	doors.go      HTTP, Send; do.go: Do; check.go: Check
//	call.go       the state of one call
//	retry.go      one call: the go-retryablehttp callbacks, in the order in which they run
//	attempt.go    one attempt: lanes → timeout → credentials → wire
//	admit.go      waiting for limits and gates, which lanes.go holds
//	target.go     which URL a request goes to, and whose that is
//	payload.go    the request's body, once more for each attempt
//	proof.go      what left, and that nothing leaves twice unseen
//	redirect.go   where a redirect may lead, and with what
//	answer.go     looking at what came; body.go and beginning.go lose nothing of it
//	outcome.go    what the wire proves
//	failed.go     the error that the caller gets
package client
