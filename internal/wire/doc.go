// Package wire sends one request at a time and knows what became of it: which bytes
// left, whether the server may have executed them, and what the response holds.
//
// It knows neither vendors nor policies. A [Wire] is a transport; an [Attempt] is one
// request by it, with its timeout, its loan of the request body, and the response body
// that ends it.
package wire
