package client

import (
	"context"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// An Observer is called at the begin and at the end of each call, attempt, wait and
// renewal. A nil hook is skipped.
//
// The context that a begin hook returns is that of what begins, and of its end hook: the
// attempts of a call are begun under the call's, and the request of an attempt is sent
// under the attempt's. It must be derived from the one that the hook gets; nil stands for
// that.
//
// Hooks run in the goroutine of the call, those of a renewal in one of the Client's own.
// They are called from many goroutines at once, and must not block. What they get holds no
// credential and no personal data, except the error of a call, which prints none.
type Observer struct {
	CallBegin    func(context.Context, CallEvent) context.Context
	CallEnd      func(context.Context, CallEvent)
	AttemptBegin func(context.Context, AttemptEvent) context.Context
	AttemptEnd   func(context.Context, AttemptEvent)
	WaitBegin    func(context.Context, WaitEvent) context.Context
	WaitEnd      func(context.Context, WaitEvent)
	RenewalBegin func(context.Context, RenewalEvent) context.Context
	RenewalEnd   func(context.Context, RenewalEvent)
}

// A Subject is the call that an event belongs to.
type Subject struct {
	Vendor string // empty: none was configured
	Op     string // CallOptions.Op
	Method string
}

// A CallEvent is the begin or the end of a call. At the begin only Subject and Start are
// set.
type CallEvent struct {
	Subject
	Start    time.Time
	Took     time.Duration
	Waited   time.Duration // sum of all waits
	Attempts int
	Status   int              // of the last response; 0: there was none
	Class    apierrors.Class  // None: a success
	Action   apierrors.Action // Accept: the failure was taken for a success
	Stop     apierrors.Stop
	Code     string
	Rule     string            // that decided, or the gate or limit that held the call back
	Applied  apierrors.Applied // AppliedYes for a success
	RetryAt  time.Time         // when to run it again; zero: unknown
	Err      error             // an *apierrors.Error; nil: a success
}

// An AttemptEvent is the begin or the end of one request. At the begin only Subject,
// Number, Start and Waited are set.
type AttemptEvent struct {
	Subject
	Number  int // from 1
	Start   time.Time
	Waited  time.Duration // since the attempt before
	Took    time.Duration
	Status  int
	Class   apierrors.Class
	Action  apierrors.Action
	Stop    apierrors.Stop // StopNone: it was a success, or the call goes on
	Code    string
	Rule    string
	Applied apierrors.Applied
	Delay   time.Duration // until the next attempt
}

// A WaitEvent is the begin or the end of a wait for a gate or a limit. Took and Stop are
// set at the end.
type WaitEvent struct {
	Subject
	For   string // such as "gate account" or "limit daily"
	Start time.Time
	Took  time.Duration
	Stop  apierrors.Stop // why the call ended in it; StopNone: it went on
}

// A RenewalEvent is the begin or the end of the renewal of a credential, for all calls
// that wait for it. Took and Class are set at the end.
type RenewalEvent struct {
	Vendor string
	Start  time.Time
	Took   time.Duration
	Class  apierrors.Class // of the failure; None: there is a new credential
}
