package main

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// ends are how the calls of a job ended, and when the job did.
type ends struct {
	OK, Lost, Deferred int64
	Took               time.Duration
}

// endsOf runs a job of n calls in virtual time. call makes the nth call to get, from 1.
func endsOf(t *testing.T, n, workers int, call func(ctx context.Context, nth int64) error) (got ends) {
	t.Helper()
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		var calls atomic.Int64
		j := &job{get: func(ctx context.Context, _ string) error { return call(ctx, calls.Add(1)) }}
		ctx, stop := withinLongest(t.Context())
		defer stop()
		start := time.Now()
		j.run(ctx, make([]string, n), workers)
		got = ends{j.ok.Load(), j.lost.Load(), j.deferred.Load(), time.Since(start)}
	})
	return got
}

func TestJob(t *testing.T) {
	second := func(context.Context, int64) error { time.Sleep(time.Second); return nil }
	first := func(err func() error) func(context.Context, int64) error {
		return func(_ context.Context, nth int64) error {
			if nth > 1 {
				return nil
			}
			return err()
		}
	}
	for name, tt := range map[string]struct {
		calls, workers int
		call           func(context.Context, int64) error
		want           ends
	}{
		"workers make one call at a time": {10, 4, second, ends{OK: 10, Took: 3 * time.Second}},
		"an error is a loss":              {3, 1, first(func() error { return errRefused }), ends{OK: 2, Lost: 1}},
		"an error that has no time is a loss": {3, 2, first(func() error { return &apierrors.Error{} }),
			ends{OK: 2, Lost: 1}},
		"a call that is deferred runs again at its time": {3, 2, first(func() error {
			return errors.Join(&apierrors.Error{RetryAt: time.Now().Add(20 * time.Second)})
		}), ends{OK: 3, Deferred: 1, Took: 20 * time.Second}},
		"a call whose time has passed runs again at once": {1, 1, first(func() error {
			return &apierrors.Error{RetryAt: time.Now().Add(-time.Second)}
		}), ends{OK: 1, Deferred: 1}},
		"a job that waits is cut off": {3, 2, first(func() error {
			return &apierrors.Error{RetryAt: time.Now().Add(time.Hour)}
		}), ends{OK: 2, Deferred: 1, Took: longest}},
		"calls that are cut off are not lost": {3, 2, func(ctx context.Context, _ int64) error {
			<-ctx.Done()
			return ctx.Err()
		}, ends{Took: longest}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, endsOf(t, tt.calls, tt.workers, tt.call)); diff != "" {
				t.Errorf("ends (-want +got):\n%s", diff)
			}
		})
	}
}

// A job must not show its end to clients: they would decide by it.
func TestWithinLongestHasNoDeadline(t *testing.T) {
	ctx, stop := withinLongest(t.Context())
	defer stop()
	if deadline, ok := ctx.Deadline(); ok {
		t.Errorf("the deadline is %v; want none", deadline)
	}
}
