package client

import (
	"context"
	"log/slog"

	apierrors "github.com/retrywise/retrywise/errors"
)

// logs reports whether the client has a log that takes level.
func (c *Client) logs(ctx context.Context, level slog.Level) bool {
	return c.log != nil && c.log.Enabled(ctx, level)
}

func (s Subject) attrs(more ...slog.Attr) []slog.Attr {
	return append([]slog.Attr{slog.String("vendor", s.Vendor), slog.String("op", s.Op), slog.String("method", s.Method)}, more...)
}

// logCall logs a call that failed as a warning, and a failure that was accepted as
// information.
func (c *Client) logCall(ctx context.Context, e CallEvent) {
	level := slog.LevelDebug
	switch {
	case e.Err != nil:
		level = slog.LevelWarn
	case e.Class != apierrors.None:
		level = slog.LevelInfo
	}
	if !c.logs(ctx, level) {
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
	c.log.LogAttrs(ctx, level, "retrywise call", attrs...)
}

// logAttempt logs an attempt that failed as information.
func (c *Client) logAttempt(ctx context.Context, e AttemptEvent) {
	level := slog.LevelDebug
	if e.Class != apierrors.None {
		level = slog.LevelInfo
	}
	if !c.logs(ctx, level) {
		return
	}
	attrs := e.attrs(slog.Int("attempt", e.Number), slog.Duration("took", e.Took), slog.Int("status", e.Status))
	if e.Class != apierrors.None {
		attrs = append(attrs, slog.String("class", e.Class.String()), slog.String("action", e.Action.String()),
			slog.String("code", e.Code), slog.Duration("delay", e.Delay))
	}
	c.log.LogAttrs(ctx, level, "retrywise attempt", append(attrs, slog.String("rule", e.Rule))...)
}

// logWait logs a wait for debugging.
func (c *Client) logWait(ctx context.Context, e WaitEvent) {
	if c.logs(ctx, slog.LevelDebug) {
		c.log.LogAttrs(ctx, slog.LevelDebug, "retrywise wait", e.attrs(slog.String("for", e.For), slog.Duration("took", e.Took))...)
	}
}

// logRenewal logs a renewal that failed as a warning.
func (c *Client) logRenewal(ctx context.Context, e RenewalEvent) {
	level, attrs := slog.LevelDebug, []slog.Attr{slog.String("vendor", e.Vendor), slog.Duration("took", e.Took)}
	if e.Class != apierrors.None {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("class", e.Class.String()))
	}
	if c.logs(ctx, level) {
		c.log.LogAttrs(ctx, level, "retrywise renewal", attrs...)
	}
}
