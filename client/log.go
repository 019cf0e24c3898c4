package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// logs reports whether there is a log that takes level.
func (w watch) logs(ctx context.Context, level slog.Level) bool {
	return w.log != nil && w.log.Enabled(ctx, level)
}

// An entry has the attributes of a line. It has no empty ones.
type entry []slog.Attr

func entryOf(s Subject) entry {
	return entry(nil).text("vendor", s.Vendor).text("op", s.Op).text("method", s.Method)
}

func (l entry) text(key, value string) entry {
	if value == "" {
		return l
	}
	return append(l, slog.String(key, value))
}

func (l entry) number(key string, n int) entry {
	if n == 0 {
		return l
	}
	return append(l, slog.Int(key, n))
}

func (l entry) duration(key string, d time.Duration) entry {
	if d == 0 {
		return l
	}
	return append(l, slog.Duration(key, d))
}

// failure adds what was decided about a failure, if there is one.
func (l entry) failure(class apierrors.Class, action apierrors.Action, code string) entry {
	if class == apierrors.None {
		return l
	}
	return l.text("class", class.String()).text("action", action.String()).text("code", code)
}

// logCall logs a call that failed as a warning, and a failure that was accepted as
// information.
func (w watch) logCall(ctx context.Context, e CallEvent) {
	level := slog.LevelDebug
	failed, isFailed := errors.AsType[*apierrors.Error](e.Err)
	switch {
	case isFailed:
		level = slog.LevelWarn
	case e.Class != apierrors.None:
		level = slog.LevelInfo
	}
	if !w.logs(ctx, level) {
		return
	}
	var l entry
	if isFailed {
		l = failed.LogValue().Group() // with the subject
	} else {
		l = entryOf(e.Subject).number("status", e.Status).failure(e.Class, e.Action, e.Code).text("rule", e.Rule).number("attempts", e.Attempts)
	}
	w.log.LogAttrs(ctx, level, "retrywise call", l.duration("took", e.Took).duration("waited", e.Waited)...)
}

// logAttempt logs an attempt that failed as information if the call goes on. If the call
// ends with it, the line of the call says the same.
func (w watch) logAttempt(ctx context.Context, e AttemptEvent) {
	level := slog.LevelDebug
	if e.Class != apierrors.None && e.Stop == apierrors.StopNone && e.Action != apierrors.Accept {
		level = slog.LevelInfo
	}
	if !w.logs(ctx, level) {
		return
	}
	l := entryOf(e.Subject).number("attempt", e.Number).number("status", e.Status).failure(e.Class, e.Action, e.Code).
		text("rule", e.Rule).duration("took", e.Took).duration("delay", e.Delay)
	w.log.LogAttrs(ctx, level, "retrywise attempt", l...)
}

// longWait is the length of a wait from which it is information.
const longWait = 10 * time.Second

// logWait logs a long wait as information, unless the line of an attempt has announced it.
func (w watch) logWait(ctx context.Context, e WaitEvent) {
	level := slog.LevelDebug
	if isAnnounced := e.For == forBackoff || e.For == forVendor; e.Took >= longWait && !isAnnounced {
		level = slog.LevelInfo
	}
	if w.logs(ctx, level) {
		w.log.LogAttrs(ctx, level, "retrywise wait", entryOf(e.Subject).text("for", e.For).duration("took", e.Took)...)
	}
}

// logLookup logs a look-up as information.
func (w watch) logLookup(ctx context.Context, e LookupEvent) {
	if !w.logs(ctx, slog.LevelInfo) {
		return
	}
	l := entryOf(e.Subject).number("status", e.Status)
	if e.Class != apierrors.None {
		l = l.text("class", e.Class.String())
	}
	l = l.text("answer", e.Answer.String()).text("applied", e.Applied.String()).duration("took", e.Took)
	w.log.LogAttrs(ctx, slog.LevelInfo, "retrywise lookup", l...)
}

// logRenewal logs a renewal that failed with err as a warning.
func (w watch) logRenewal(ctx context.Context, e RenewalEvent, err error) {
	level := slog.LevelDebug
	if err != nil {
		level = slog.LevelWarn
	}
	if !w.logs(ctx, level) {
		return
	}
	l := entry(nil).text("vendor", e.Vendor)
	if err != nil {
		l = l.text("class", e.Class.String()).text("cause", renewalCause(err))
		if bug, ok := errors.AsType[*callbackError](err); ok {
			l = l.text("stack", bug.stack)
		}
	}
	w.log.LogAttrs(ctx, level, "retrywise renewal", l.duration("took", e.Took)...)
}

// harmlessCauses are causes of a failed renewal whose text has no credential.
var harmlessCauses = []error{
	errOwnRenewal, errStuck, ErrRefused, ErrNotRenewable, context.DeadlineExceeded, context.Canceled, io.ErrUnexpectedEOF, io.EOF,
}

// renewalCause describes the error of a renewal. The text of an error that is not known here may
// hold a credential, such as the response of a token server: its type stands for it.
func renewalCause(err error) string {
	if ours, ok := errors.AsType[*apierrors.Error](err); ok {
		return ours.Error()
	}
	text := err.Error()
	if is[*callbackError](err) {
		return text
	}
	if i := slices.IndexFunc(refusedGrants, func(code string) bool { return strings.Contains(text, code) }); i >= 0 {
		return refusedGrants[i]
	}
	if i := slices.IndexFunc(harmlessCauses, func(known error) bool { return errors.Is(err, known) }); i >= 0 {
		return harmlessCauses[i].Error()
	}
	if refused, ok := errors.AsType[*os.SyscallError](err); ok {
		return refused.Error()
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return fmt.Sprintf("an error of type %T", err)
}
