package retrywisedbos_test

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// lines are those of a log about calls that failed.
type lines struct {
	mu  sync.Mutex
	all []slog.Record
}

func (l *lines) logger() *slog.Logger { return slog.New(l) }

func (l *lines) Enabled(context.Context, slog.Level) bool { return true }
func (l *lines) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *lines) WithGroup(string) slog.Handler            { return l }

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, r)
	return nil
}

// count returns of how many lines is says so.
func (l *lines) count(is func(next string, delay time.Duration) bool) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, r := range l.all {
		var next string
		var delay time.Duration
		r.Attrs(func(a slog.Attr) bool {
			switch a.Key {
			case "next":
				next = a.Value.String()
			case "delay":
				delay = a.Value.Duration()
			}
			return true
		})
		if next != "" && is(next, delay) {
			n++
		}
	}
	return n
}
