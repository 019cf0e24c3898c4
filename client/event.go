package client

import (
	"context"
	"errors"
	"log/slog"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// EventKind says what has ended. The set is closed.
type EventKind uint8

// The kinds of events.
const (
	EventAttempt EventKind = iota // one request and its answer
	EventWait                     // a wait for a gate or a limit
	EventRenewal                  // a call that had to wait for a new token
	EventCall                     // the whole call
)

// eventNames is the text of each EventKind.
var eventNames = []string{
	EventAttempt: "attempt",
	EventWait:    "wait",
	EventRenewal: "renewal",
	EventCall:    "call",
}

// String returns the kind's name, such as "attempt".
func (k EventKind) String() string {
	if int(k) >= len(eventNames) {
		return "event"
	}
	return eventNames[k]
}

// An Event tells what happened in a call. What it holds has no personal data and no
// credential, but for Err, which prints none.
type Event struct {
	Kind    EventKind
	Vendor  string
	Op      string
	Method  string
	Attempt int // the attempt's number from 1; for a call: how many there were

	Status int
	Class  apierrors.Class  // None: a success
	Action apierrors.Action // what is done about it; Accept tells a success that was none
	Stop   apierrors.Stop
	Code   string
	Scope  apierrors.Scope
	Rule   string // which rule decided, or which gate or limit held the call back

	Took time.Duration // of the attempt, the renewal or the whole call
	Wait time.Duration // before the next attempt; in a wait or a call: waited in all
	Err  error         // of a call that failed: the *apierrors.Error
}

// log writes e: a call that failed as a warning, a failure that is being handled as
// information, everything else for debugging.
func (e Event) log(ctx context.Context, l *slog.Logger) {
	level := slog.LevelDebug
	switch {
	case e.Kind == EventCall && e.Err != nil:
		level = slog.LevelWarn
	case e.Class != apierrors.None:
		level = slog.LevelInfo
	}
	if !l.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{slog.String("vendor", e.Vendor), slog.String("op", e.Op), slog.String("method", e.Method), slog.Int("attempt", e.Attempt)}
	if e.Err != nil {
		attrs = append(attrs, slog.Any("error", e.Err))
	} else if e.Class != apierrors.None {
		attrs = append(attrs, slog.Int("status", e.Status), slog.String("class", e.Class.String()),
			slog.String("action", e.Action.String()), slog.String("code", e.Code))
	}
	attrs = append(attrs, slog.String("rule", e.Rule), slog.Duration("took", e.Took), slog.Duration("wait", e.Wait))
	l.LogAttrs(ctx, level, "retrywise "+e.Kind.String(), attrs...)
}

// lastEvent is the event of the whole call. An accepted failure is never silent.
func (x *call) lastEvent(err error) Event {
	e := Event{Kind: EventCall, Attempt: x.history.attempts, Took: time.Since(x.history.started), Wait: x.history.waited, Err: err}
	if f, ok := errors.AsType[*apierrors.Error](err); ok {
		e.Status, e.Class, e.Action, e.Stop, e.Code, e.Scope, e.Rule = f.Status, f.Class, f.Action, f.Stop, f.Code, f.Scope, f.Reason
	}
	if x.accepted {
		d := x.last.decision
		e.Status, e.Class, e.Action, e.Code, e.Scope, e.Rule = x.last.failure.Status, d.Class, d.Action, d.Code, d.Scope, d.Rule
	}
	return e
}

// emit sends e to the observer and the log.
func (x *call) emit(e Event) {
	if x.c.observe == nil && x.c.log == nil {
		return
	}
	e.Vendor, e.Op, e.Method = x.c.vendor.Name(), x.request.options.Op, x.request.http.Method
	if x.c.observe != nil {
		x.c.observe(x.ctx, e)
	}
	if x.c.log != nil {
		e.log(x.ctx, x.c.log)
	}
}
