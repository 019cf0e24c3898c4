package apierrors

import (
	"context"
	"errors"
	"time"
)

// A Field is one detail of a refusal: which part of the record, and what about it.
type Field struct {
	Path    string // such as "name" or "cf_plan.pt-BR"; empty for the whole request
	Code    string // the vendor's code for it; may be empty
	Message string // the vendor's text; may hold personal data, so it is never printed by us
}

// An Attempt is one request that was sent, or was about to be.
type Attempt struct {
	Start  time.Time
	Took   time.Duration
	Wait   time.Duration // waited before it: back-off, gate and limiter together
	Status int           // 0: no answer
	Class  Class         // None: a success
	Code   string        // the vendor's code
	Reason string        // which rule judged it
}

// Error is the one thing a caller sees of a failed call. It is complete when it is
// returned and never changed afterwards, so it may be read by many goroutines.
// Every field may be unset.
//
// What leaves the process by itself (Error, the verbs of fmt, JSON, slog) holds
// class, status, code, request id, rule, hint, field paths and the catalogue's
// text for the code. It never holds Message, the messages of Fields, Details, Body
// or parts of the URL that look like identifiers: those are the vendor's words or
// the record's data. [Error.Detail] prints them for a person who asks.
type Error struct {
	Vendor string // as in vendors.Names
	Op     string // the caller's name for the call, such as "contacts.upsert"
	Method string
	URL    string // without userinfo, query and fragment

	Class  Class
	Action Action
	Stop   Stop
	Reason string // which rule decided, for a person
	Hint   string // what to do about it, from the vendor's documents

	Status    int            // 0: no answer
	Code      string         // the vendor's own code
	Summary   string         // the catalogue's text for Code
	Message   string         // the vendor's text: one line, bounded
	Fields    []Field        // what exactly is refused
	Details   map[string]any // the vendor's extra fields
	RequestID string

	RetryAt  time.Time // when to run it again; zero: not told
	Applied  Applied
	Scope    Scope
	Attempts []Attempt
	Body     []byte // as received, bounded
	Err      error  // the cause: a network error, the context's cause, an earlier failure
}

// Is reports whether target is e's class, for errors.Is(err, apierrors.Validation).
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

// Timeout reports whether the call failed for want of time, as net.Error has it.
func (e *Error) Timeout() bool {
	return e != nil && (e.Class == Timeout || errors.Is(e.Err, context.DeadlineExceeded))
}

// RetryAt returns when deferred work is to be run again; false if that was not told.
func RetryAt(err error) (time.Time, bool) {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.RetryAt.IsZero() {
		return time.Time{}, false
	}
	return e.RetryAt, true
}

// Temporary reports whether the same call is worth another run later, at a time
// that is not known (RetryAt tells where it is). It is false for a write that may
// have been executed and is not known to be repeatable: reconcile that first.
func Temporary(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Stop == StopUnsafe {
		return false
	}
	switch e.Action {
	case Retry, Throttle, Defer:
		return true
	default:
		return false
	}
}
