package client

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/retrywise/retrywise/policy"
)

// CallOptions say more about one call. A field at its zero value leaves the question to
// the policy.
type CallOptions struct {
	// Op is the caller's name for the call, such as "contacts.upsert". It appears in
	// errors, logs and events.
	Op string

	// Account identifies the vendor's account, which has its own limits, pauses and retry
	// budget. Empty: calls with the same credential share one account. Of a signed request
	// (AWS Signature Version 4, OAuth 1.0, Digest, Hawk, HTTP Signatures), that is the part
	// that does not change. Set it if the credential differs in each request in another
	// way, such as a JWT for each, or if Auth has several. It is never printed.
	Account string

	// RecordKey is the record that the call is about. Limits for each record are kept by
	// it. It is never printed.
	RecordKey string

	// IdempotencyKey is sent with each attempt, in the header of the vendor's profile; see
	// policy.Idempotency. A write with a key is retried. The call fails if the vendor honors no
	// key at this endpoint, or if the key does not have the vendor's form. Without a vendor the
	// key is sent as Idempotency-Key, and nothing is retried because of it. KeyFor makes a key
	// that is the same after a crash.
	IdempotencyKey string

	// Repeatable says that executing the call twice does no harm, as with an upsert by PATCH.
	Repeatable bool

	// MaxWait bounds the sum of the call's waits: backoff, pauses and rate limits, but not
	// a renewal of the credential. nil: the policy's. Zero: the call does not wait.
	MaxWait *time.Duration

	// Priority orders calls that wait for the same limit: a higher one goes first, such as 1
	// for a person who waits, and -1 for a backfill. Zero is in between.
	Priority int

	// Weight is how many requests the call counts as in limits that are declared, such as the
	// records of a batch; where a limit counts points, how many times its cost. Zero means 1. A
	// call with a weight below zero fails.
	Weight int

	// MaxAttempts is how many requests the call may make, without those that were throttled
	// or met an expired token, and without a look-up. One means one request, whatever it meets.
	MaxAttempts int

	// Lookup finds out whether a write was executed, if the call would otherwise end with
	// applied: unknown. It replaces that of the policy's endpoint (policy.Endpoint.Lookup), and
	// its templates have no segments of a path. If the record is found, Do succeeds. If its
	// absence is proved, the write is retried or fails with applied: no. Otherwise, the error
	// has what the look-up said. The look-up is a call of its own, whose Op ends in ".lookup". It
	// has the write's headers, goes to its origin, counts into its MaxWait, and ends with its
	// context. nil: the policy's, which HTTP does not use.
	Lookup *policy.Lookup

	// Timeout replaces the policy's AttemptTimeout. Zero: it does not.
	Timeout time.Duration

	// Shrink returns a smaller request in place of one that the vendor calls too large:
	// half a page, half a window, fewer records. The caller is responsible for sending
	// what was left out; the response's Request is the one that was really sent. It gets
	// the original request, whose body can be read by GetBody only. Return nil if the
	// request cannot be reduced. The smaller request is sent without IdempotencyKey and Lookup,
	// as it is another one. Without Shrink, such a call fails with the vendor's advice.
	Shrink func(*http.Request) (*http.Request, error)

	// Split returns the body of a smaller batch in place of one of which a part is done: see
	// Rest. Without Split, a batch that failed in part is an error with all its Items.
	Split func(Rest) ([]byte, error)
}

// With returns a copy of req that has the options o, for Send and HTTP; Do takes them from
// its Call. Copies of that request, such as middleware makes with Clone or WithContext, have
// the options as well. The context of a copy must be derived from that of the request;
// otherwise the call fails. A new request under the same context does not have them.
func With(req *http.Request, o CallOptions) *http.Request {
	b := &binding{options: o, pattern: req.Pattern}
	if earlier := bindingOf(req); earlier != nil {
		b.pattern = earlier.pattern
	}
	b.mark = strings.TrimLeft(b.pattern+markPrefix+rand.Text(), " ")
	bound := req.WithContext(context.WithValue(req.Context(), bindingKey{}, b))
	bound.Pattern = b.mark
	return bound
}

// A binding is the options of one request. The context carries it, but other requests
// under that context would inherit it. So the request has a mark as well, in its Pattern:
// net/http's client ignores that, and every copy of the request keeps it.
type binding struct {
	options CallOptions
	mark    string
	pattern string // the request's own, which a server's request may have
}

type bindingKey struct{}

const markPrefix = " retrywise:"

// bindingOf returns the binding of req, or of the request that a caller's http.Client was
// redirected from; nil if it has none.
func bindingOf(req *http.Request) *binding {
	b, _ := req.Context().Value(bindingKey{}).(*binding)
	if b == nil || firstOf(req).Pattern != b.mark {
		return nil
	}
	return b
}

// hasLostOptions reports whether req is a copy of a request with options, under a context
// without them.
func hasLostOptions(req *http.Request) bool {
	return strings.Contains(" "+firstOf(req).Pattern, markPrefix) && bindingOf(req) == nil
}

// firstOf returns the request that a caller's http.Client was redirected from.
func firstOf(req *http.Request) *http.Request {
	first := req
	for r := range redirectsTo(req) {
		first = r.Response.Request
	}
	return first
}

// optionsOf returns the options of req.
func optionsOf(req *http.Request) CallOptions {
	if b := bindingOf(req); b != nil {
		return b.options
	}
	return CallOptions{}
}
