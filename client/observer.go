package client

import (
	"context"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// An Observer is called at the start and at the end of each call, attempt, wait, renewal and
// look-up. A nil hook is skipped.
//
// A start hook may return a context, such as one with a trace's span. The end hook gets it,
// and so does what happens in between: the hooks of a call's attempts and waits get that of
// the call, and the request on the wire has that of its attempt. It must be derived from
// the context that the hook gets. Returning nil keeps that one. A renewal has the context
// of the attempt or call that needed it first. A look-up begins and ends within the call that
// it is about, and its request is a call of its own within the look-up.
//
// Hooks run in the goroutine of the call, and those of a renewal in one of the Client's.
// They are called concurrently, and must not block. Events hold neither a credential nor
// personal data; the text of CallEvent.Err does not either.
type Observer struct {
	CallStart    func(context.Context, CallEvent) context.Context
	CallEnd      func(context.Context, CallEvent)
	AttemptStart func(context.Context, AttemptEvent) context.Context
	AttemptEnd   func(context.Context, AttemptEvent)
	WaitStart    func(context.Context, WaitEvent) context.Context
	WaitEnd      func(context.Context, WaitEvent)
	RenewalStart func(context.Context, RenewalEvent) context.Context
	RenewalEnd   func(context.Context, RenewalEvent)
	LookupStart  func(context.Context, LookupEvent) context.Context
	LookupEnd    func(context.Context, LookupEvent)
}

// A Subject is the call that an event belongs to.
type Subject struct {
	Vendor string // Profile.Name; empty without a Vendor
	Op     string // CallOptions.Op
	Method string
}

// A CallEvent is the start or the end of a call. At the start, only Subject and Start are
// set.
type CallEvent struct {
	Subject
	Start    time.Time
	Took     time.Duration
	Waited   time.Duration // sum of all waits, except those for a renewal
	Attempts int
	Status   int               // of the response that the call ended with; 0: it ended without one
	Class    apierrors.Class   // None: a success
	Action   apierrors.Action  // Accept: the failure was accepted as a success
	Stop     apierrors.Stop    // why it was not retried
	Code     string            // the vendor's
	Rule     string            // that decided, or the gate or limit that held the call back
	Applied  apierrors.Applied // AppliedYes for a success
	RetryAt  time.Time         // when to run it again; zero: unknown
	Err      error             // an *apierrors.Error; nil: a success
}

// An AttemptEvent is the start or the end of one request. At the start, only Subject,
// Number, URL, Foreign, Start and Waited are set.
type AttemptEvent struct {
	Subject
	Number  int    // the first attempt has number 1; a redirect that is followed is one, too
	URL     string // apierrors.PrintableURL of the request's
	Foreign bool   // it goes to an origin that is not the vendor's, such as by a redirect
	Start   time.Time
	Waited  time.Duration // between the previous attempt and this one
	Took    time.Duration
	Status  int               // 0: there was no response
	Class   apierrors.Class   // None: a success
	Action  apierrors.Action  // what the client does about the failure
	Stop    apierrors.Stop    // StopNone: a success, or the call goes on
	Code    string            // the vendor's
	Rule    string            // that decided
	Applied apierrors.Applied // AppliedYes for a success
	Delay   time.Duration     // until the next attempt
}

// A WaitEvent is the start or the end of a wait. Took and Stop are set at the end.
type WaitEvent struct {
	Subject
	// For is "backoff", "vendor" for a wait that the response asks for, "renewal", "settle" for
	// that before a look-up, or what holds the call back: a gate or a limit, such as "gate
	// account" or "limit daily", an outage, as "hold vendor" or "hold /items/*", or "store" for
	// that of a traffic.Fleet.
	For   string
	Start time.Time
	Took  time.Duration
	Stop  apierrors.Stop // StopNone: the call goes on
}

// A RenewalEvent is the start or the end of a renewal of the credential, which is for all
// calls that wait for it. Took and Class are set at the end.
type RenewalEvent struct {
	Vendor string
	Start  time.Time
	Took   time.Duration
	Class  apierrors.Class // of the failure; None: a success
}

// A LookupEvent is the start or the end of a look-up, which finds out whether a call that would
// end with applied: unknown was executed. At the start, only Subject and Start are set.
type LookupEvent struct {
	Subject // the call that the look-up is about
	Start   time.Time
	Took    time.Duration   // with the wait before the request
	Status  int             // of the response; 0: there was none
	Class   apierrors.Class // of the failure of the look-up; None: it was answered
	Answer  policy.LookupAnswer
	Applied apierrors.Applied // what it proves about the call; AppliedUnknown: nothing
}
