// Package traffic holds what calls share: rate limits, the pauses after a 429, the retry
// budget, how many records in a row were refused with the same code, and the right to renew
// a credential.
//
// A [Shared] is asked before each request, and gets a report after it. It has no clock: the
// time is an argument, as in rate.Limiter's ReserveN. Every argument and result is plain
// data, so that a Shared could live in another process. [Memory] is the one for this process,
// and the only one yet: a Client makes it for itself.
package traffic
