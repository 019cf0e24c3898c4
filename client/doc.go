// Package client calls somebody else's HTTP API, and retries a request only if that helps
// and cannot execute a write twice.
//
// A [Client] is made once for each vendor and credential, and shared. It keeps the state
// that calls share: rate limiters, pauses after a 429, the current token and the retry
// budget. It has three doors:
//
//   - [Client.HTTP] is a drop-in for an *http.Client: a response is a response, whatever its
//     status, and [Client.Check] says what it means.
//   - [Client.Send] takes an *http.Request and returns an *http.Response, or an
//     *apierrors.Error for every failure.
//   - [Do] encodes the request and decodes the response. [DoResponse] returns the headers,
//     too, and [Pages] reads a list page by page.
//
// [Each] makes the calls for many records, some at a time, and reports how they ended.
//
// [With] gives a request options: a name, a record, an idempotency key, bounds.
//
// # How a call runs
//
// In the package, read these files in this order:
//
//	doors.go, do.go   what is asked
//	request.go        what is sent
//	history.go        what has happened so far, as numbers
//	admit.go          may it go now? limits, pauses and budget are in package traffic
//	attempt.go        one attempt: credential, key, timeout; package wire sends it
//	read.go           what the response says; batch.go of the items of a batch
//	judge.go          explain, decide, pay, act
//	smaller.go        a smaller request: shrink, or split for the rest of a batch
//	engine.go         retries, by go-retryablehttp
//	lookup.go         what became of a write in doubt
//	failed.go         the error that the caller gets
package client
