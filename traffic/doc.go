// Package traffic holds what calls share: limits, the pauses after a 429, the retry budget,
// how many records in a row were refused with the same code, and the right to renew a
// credential.
//
// A [Shared] gives each request a [Place] in the queue of its account. The place says what
// the request waits for, waits until it may start, and takes up how it ended. Demands and
// reports are plain data, so that a Shared can ask another process. [Memory] is the one for
// this process: a Client makes it for itself. A [Fleet] shares more with other processes by a
// [Store], such as a [Folder] of files, or a server of Redis by the module integrations/redis.
//
// Every decision takes the time as an argument, as rate.Limiter's ReserveN does. One timer for
// each queue wakes it when the first of those that wait may start.
//
// A limit counts a request where the vendor does: when it arrives, which its
// response shows (bucket.go). A single refusal corrects the pace and holds back that request alone;
// several, or a long wait, close the gate for all, which reopens with one request (gate.go).
// How the pace of a limit follows what the vendor accepts is in pace.go. While a vendor, or an
// endpoint, does nothing but fail, requests wait for one that finds out whether it works again
// (outage.go).
package traffic
