// Package traffic holds what calls share: rate limits, the pauses after a 429, the retry
// budget, the streak of refused records, and the right to renew a credential.
//
// A [Shared] is asked before each request, and gets a report after it. It has no clock: the
// time is an argument, as in rate.Limiter's ReserveN. Every argument and result is plain
// data, so that a Shared may live in another process. [Memory] is the one for this process.
package traffic
