package client

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// KeyFor returns an idempotency key for what a job does to a record, such as the Op and the
// RecordKey of its CallOptions. The same two give the same key in each run of the program, on
// each machine and in each version of this package. So a run after a crash sends the key of the
// run before it, and the vendor executes the request once.
//
// The key is a UUID (version 8 of RFC 9562) that is made of a SHA-256 hash, and holds neither
// text. It is no secret: who guesses both texts can compute it. If the same operation is meant
// to be executed once more for a record, give record a part that differs, such as a version or a
// day. A vendor forgets keys after a time; see policy.Idempotency.
func KeyFor(op, record string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "retrywise.KeyFor %d %s%s", len(op), op, record))
	sum[6] = sum[6]&0x0f | 0x80 // the version
	sum[8] = sum[8]&0x3f | 0x80 // the variant
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// keyHeader is the header in which an idempotency key is sent.
func (c *Client) keyHeader() string {
	return cmp.Or(c.profile.Idempotency.Header, "Idempotency-Key") // draft-ietf-httpapi-idempotency-key-header
}

// checkKeys returns what is wrong with where the vendor honors keys.
func (c *Client) checkKeys() error {
	var problems []error
	for _, text := range c.profile.Idempotency.Problems() {
		problems = append(problems, fmt.Errorf("client: Vendor: Idempotency: %s", text))
	}
	if name := c.keyHeader(); !isToken(name) {
		problems = append(problems, fmt.Errorf("client: Vendor: Idempotency: %q is not the name of a header", name))
	}
	return errors.Join(problems...)
}

// keyProblem says what is wrong with the key of a request to path; empty: nothing is.
func (c *Client) keyProblem(r request, path string) string {
	key, keys, vendor := r.options.IdempotencyKey, c.profile.Idempotency, cmp.Or(c.profile.Name, "the vendor")
	switch {
	case unusable(c.keyHeader(), key) != "":
		return "it has a line break or another control character"
	case keys.Header == "" && c.profile.Name == "":
		return ""
	case keys.Header == "":
		return vendor + " has no place for one"
	case r.original.Response == nil && !keys.Covers(cmp.Or(r.original.Method, http.MethodGet), path):
		return vendor + " honors none at this endpoint"
	default:
		return keys.KeyProblem(key)
	}
}

// hasHonoredKey reports whether r has a key that the vendor honors.
func (c *Client) hasHonoredKey(r request, to destination) bool {
	return r.options.IdempotencyKey != "" && !to.isForeign && c.profile.Idempotency.Covers(r.http.Method, r.path)
}

// keyExpires returns when the vendor forgets the key of the call at the earliest; zero: that is
// not known.
func (x *call) keyExpires(now time.Time) time.Time {
	life := x.c.profile.Idempotency.Lifetime
	if life == 0 || !x.c.hasHonoredKey(x.request, x.destination) {
		return time.Time{}
	}
	if x.history.attempts > 0 {
		now = x.history.firstSend
	}
	return now.Add(life)
}

// keyLeft is how long the vendor still knows the key of the call; see policy.State.KeyLeft.
func (x *call) keyLeft(now time.Time) time.Duration {
	expires := x.keyExpires(now)
	if expires.IsZero() || x.history.attempts == 0 {
		return 0
	}
	return cmp.Or(expires.Sub(now), -1)
}

// isRepeatable reports whether the caller may run the call again although it may have been
// executed; see apierrors.Error.Repeatable. What followed a write says nothing about the write.
func (x *call) isRepeatable() bool {
	r := x.request
	if r.moved || leadsToWrite(r.original) {
		return false
	}
	return x.c.policyFor(x.destination).IsRepeatable(policy.State{Method: r.http.Method, Path: r.path, Repeatable: r.options.Repeatable})
}

// keyForgotten returns the error for a call that cannot be repeated before the vendor forgets its
// key: that of its last failure, without a time to run it again.
func (x *call) keyForgotten() *apierrors.Error {
	e := x.failed(x.last)
	e.Stop, e.RetryAt, e.Applied = apierrors.StopUnsafe, time.Time{}, x.history.applied(apierrors.AppliedNo)
	e.Hint = "The vendor forgets the idempotency key before the request can be sent again: find out whether it was executed before you repeat it."
	return e
}

// outlivesKey reports whether a run of the call after a wait may execute it twice, as the
// vendor no longer knows its key by then.
func (x *call) outlivesKey(wait time.Duration) bool {
	left := x.keyLeft(time.Now())
	return left != 0 && wait >= left && x.history.applied(apierrors.AppliedNo) != apierrors.AppliedNo && !x.request.options.Repeatable
}
