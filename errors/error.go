package apierrors

import (
	"context"
	"errors"
	"time"
)

// A Field is one part of a record that the vendor refused.
type Field struct {
	// Path is the path of the field, such as "name" or "cf_plan.pt-BR". Empty means the
	// whole request.
	Path string

	// Code is the vendor's code for the field; it may be empty.
	Code string

	// Message is the vendor's text. It may hold personal data.
	Message string
}

// An Attempt is one request of a call.
type Attempt struct {
	Start time.Time
	Took  time.Duration

	// Wait is the sum of all waits before the request: backoff, pauses and rate limits.
	Wait time.Duration

	// Status is that of the response; 0 if there was none.
	Status int

	// Class is None if the request succeeded.
	Class Class

	// Code is the vendor's code.
	Code string

	// Rule is the name of the rule that decided.
	Rule string
}

// Error is the error of a failed call. It is complete when it is returned and does not
// change afterwards, so goroutines may share it. Any field may be unset.
//
// Error() and the verbs of fmt print class, status, code, request id, paths of fields and
// the catalog's text for the code; JSON and slog have rule and hint as well. None of them
// prints what may hold personal data: Message, the messages of Fields, the keys of Items, Details, Body, and
// the segments of the URL that look like identifiers. [Error.Detail] prints these, too.
type Error struct {
	// Vendor is the name of the vendor, such as "rdstation".
	Vendor string

	// Op is the caller's name for the call, such as "contacts.upsert".
	Op string

	// Method and URL are those of the request. URL has no userinfo, query or fragment.
	Method string
	URL    string

	// Class is what the failure means.
	Class Class

	// Action is what to do about it, as far as a caller can.
	Action Action

	// Stop says why the call was not retried.
	Stop Stop

	// Rule is the name of the rule that decided.
	Rule string

	// Hint says who has to do what, from the vendor's documents.
	Hint string

	// Status is that of the response; 0 if there was none.
	Status int

	// Code is the vendor's code. Like RequestID and the codes and paths of Fields, it is empty
	// if it repeats a value that went out with the request, such as a credential or an id.
	Code string

	// Summary is the catalog's text for Code or, if there is no code, what the client found
	// wrong, such as "dns: the host was not found".
	Summary string

	// Message is the vendor's text, on one line and of bounded length.
	Message string

	// Fields are the refused parts of the record.
	Fields []Field

	// Items are the items of a batch that did not succeed, or of which that is not known, in
	// their order: see Item. If Class is Partial, or Canceled after a response, the others are
	// done. Otherwise none is, and the call failed as a whole.
	Items []Item

	// ItemsOmitted is how many more of them there are. They are not listed as they are too many.
	ItemsOmitted int

	// Details are further members of the response.
	Details map[string]any

	// RequestID is the vendor's id of the last request.
	RequestID string

	// IdempotencyKey is the key of the call, if it has one. Run the call again with the same key
	// unless it is known how it ended: a new one may execute the request twice. It is not
	// printed, not even by Detail, as it may be made of personal data.
	IdempotencyKey string

	// KeyExpires is when the vendor forgets IdempotencyKey at the earliest: until then, running
	// the call again with it executes the request once. It is zero if the vendor does not honor
	// the key there, or does not say for how long.
	KeyExpires time.Time

	// Repeatable is set if the call may be run again although it may have been executed: its
	// method or its endpoint is idempotent, or the caller or the operator said so. A key does not
	// make it so.
	Repeatable bool

	// RetryAt is when to run the call again. It is zero if that is not known.
	RetryAt time.Time

	// Applied says whether the vendor executed the request, in any of the attempts.
	Applied Applied

	// Lookup is what a look-up of the outcome said, or why there was none; empty: the outcome
	// was known, or the client knows no look-up. It holds no text of the vendor.
	Lookup string

	// Scope says which other calls the failure concerns.
	Scope Scope

	// Attempts are the requests of the call, in order.
	Attempts []Attempt

	// Body is the body of the last response, of bounded length. It is decompressed unless
	// the caller set Accept-Encoding.
	Body []byte

	// Err is the cause: the error of the connection, the cause of the context, an earlier
	// failure.
	Err error
}

// Is reports whether target is the class of e, so that errors.Is(err,
// apierrors.Validation) works.
func (e *Error) Is(target error) bool {
	c, ok := target.(Class)
	return ok && e != nil && c == e.Class
}

// Unwrap returns the cause, which may be nil.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// Timeout reports whether the call failed because its time ran out, like the method of
// net.Error.
func (e *Error) Timeout() bool {
	return e != nil && (e.Class == Timeout || errors.Is(e.Err, context.DeadlineExceeded))
}

// RetryAt returns when to run a failed call again. It reports whether err says so.
func RetryAt(err error) (time.Time, bool) {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.RetryAt.IsZero() {
		return time.Time{}, false
	}
	return e.RetryAt, true
}

// Temporary reports whether a failed call may succeed if it is run again later; RetryAt
// returns when, if that is known. A failure for which the vendor said when is temporary,
// whatever its class. Temporary is false for a write that may have been executed and is not
// known to be repeatable: find out first whether the vendor has it.
func Temporary(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Stop == StopUnsafe {
		return false
	}
	switch e.Action {
	case Retry, Throttle, Defer:
		return true
	default:
		return !e.RetryAt.IsZero()
	}
}
