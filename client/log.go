package client

import (
	"context"
	"log/slog"

	apierrors "github.com/retrywise/retrywise/errors"
)

// logs reports whether there is a log that takes level.
func (w watch) logs(ctx context.Context, level slog.Level) bool {
	return w.log != nil && w.log.Enabled(ctx, level)
}

func (s Subject) attrs(more ...slog.Attr) []slog.Attr {
	return append([]slog.Attr{slog.String("vendor", s.Vendor), slog.String("op", s.Op), slog.String("method", s.Method)}, more...)
}

// logCall logs a call that failed as a warning, and a failure that was accepted as
// information.
func (w watch) logCall(ctx context.Context, e CallEvent) {
	level := slog.LevelDebug
	switch {
	case e.Err != nil:
		level = slog.LevelWarn
	case e.Class != apierrors.None:
		level = slog.LevelInfo
	}
	if !w.logs(ctx, level) {
		return
	}
	attrs := e.attrs(slog.Int("attempts", e.Attempts), slog.Duration("took", e.Took), slog.Duration("waited", e.Waited))
	switch {
	case e.Err != nil:
		attrs = append(attrs, slog.Any("error", e.Err))
	case e.Class != apierrors.None:
		attrs = append(attrs, slog.Int("status", e.Status), slog.String("class", e.Class.String()),
			slog.String("action", e.Action.String()), slog.String("code", e.Code), slog.String("rule", e.Rule))
	}
	w.log.LogAttrs(ctx, level, "retrywise call", attrs...)
}

// logAttempt logs an attempt that failed as information.
func (w watch) logAttempt(ctx context.Context, e AttemptEvent) {
	level := slog.LevelDebug
	if e.Class != apierrors.None {
		level = slog.LevelInfo
	}
	if !w.logs(ctx, level) {
		return
	}
	attrs := e.attrs(slog.Int("attempt", e.Number), slog.Duration("took", e.Took), slog.Int("status", e.Status))
	if e.Class != apierrors.None {
		attrs = append(attrs, slog.String("class", e.Class.String()), slog.String("action", e.Action.String()),
			slog.String("code", e.Code), slog.Duration("delay", e.Delay))
	}
	w.log.LogAttrs(ctx, level, "retrywise attempt", append(attrs, slog.String("rule", e.Rule))...)
}

// logWait logs a wait for debugging.
func (w watch) logWait(ctx context.Context, e WaitEvent) {
	if w.logs(ctx, slog.LevelDebug) {
		w.log.LogAttrs(ctx, slog.LevelDebug, "retrywise wait", e.attrs(slog.String("for", e.For), slog.Duration("took", e.Took))...)
	}
}

// logRenewal logs a renewal that failed as a warning.
func (w watch) logRenewal(ctx context.Context, e RenewalEvent) {
	level, attrs := slog.LevelDebug, []slog.Attr{slog.String("vendor", e.Vendor), slog.Duration("took", e.Took)}
	if e.Class != apierrors.None {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("class", e.Class.String()))
	}
	if w.logs(ctx, level) {
		w.log.LogAttrs(ctx, level, "retrywise renewal", attrs...)
	}
}
