// Package client sends requests to somebody else's API, and sends them again only
// where the vendor's data says that this helps and where it cannot make a write
// happen twice.
//
// A [Client] is made once for each vendor and credential, and shared: it holds what
// outlives a call, which is the pace that limits set, the gates that a 429 closes, and
// the token that is renewed once for all. [Do] is the typed door, [Client.Send] takes
// and gives what net/http has. Both return an *apierrors.Error for every failure.
//
// A call's way through the package, top to bottom:
//
//	do.go       Do: encodes the body, decodes the answer
//	client.go   Config, New, Send
//	call.go     the state of one call
//	retry.go    one call: the go-retryablehttp callbacks, in the order in which they run
//	attempt.go  one attempt: lanes → credentials → timeout → wire
//	admit.go    waiting for limits and gates, which lanes.go holds
//	answer.go   reading what came
//	outcome.go  what the wire proves
//	failed.go   the error that the caller gets
package client
