package client

import (
	"context"
	"log/slog"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/enum"
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

var eventKinds = enum.Set[EventKind]{Kind: "event", Names: []string{
	EventAttempt: "attempt",
	EventWait:    "wait",
	EventRenewal: "renewal",
	EventCall:    "call",
}}

// String returns the kind's name, such as "attempt".
func (k EventKind) String() string { return eventKinds.Text(k) }

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
