package main

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// unexported compares the fields of types of this package.
var unexported = cmp.AllowUnexported(call{}, span{}, limitRow{}, outageRow{}, duplicatesRow{}, hostileRow{})

// seconds returns a span in whole seconds.
func seconds(from, to int) span {
	return span{time.Duration(from) * time.Second, time.Duration(to) * time.Second}
}

// One worker makes calls of a second each for 3.5 s.
func TestLoop(t *testing.T) {
	last := span{3 * time.Second, 3500 * time.Millisecond}
	none, refuse := func(int) error { return nil }, func(int) error { return errRefused }
	for name, tt := range map[string]struct {
		err  func(nth int) error // of a call's first run
		want []call
	}{
		"each call is a new one": {none,
			[]call{{0, seconds(0, 1), succeeded}, {1, seconds(1, 2), succeeded}, {2, seconds(2, 3), succeeded}, {3, last, cutOff}}},
		"an error is for good": {refuse,
			[]call{{0, seconds(0, 1), failed}, {1, seconds(1, 2), failed}, {2, seconds(2, 3), failed}, {3, last, cutOff}}},
		"a deferred call runs at its time, before new ones": {func(nth int) error {
			if nth > 0 {
				return nil
			}
			return &apierrors.Error{RetryAt: time.Now().Add(500 * time.Millisecond)}
		}, []call{{0, seconds(0, 1), deferred}, {1, seconds(1, 2), succeeded}, {0, seconds(2, 3), succeeded}, {2, last, cutOff}}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				runs := map[int]int{}
				l := &loop{start: time.Now(), send: func(ctx context.Context, nth int) error {
					if err := wait(ctx, time.Second); err != nil {
						return err
					}
					if runs[nth]++; runs[nth] > 1 {
						return nil
					}
					return tt.err(nth)
				}}
				ctx, stop := within(t.Context(), 3500*time.Millisecond)
				defer stop()
				got := l.run(ctx, 1)
				if diff := cmp.Diff(tt.want, got, unexported); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// wait waits for d, or returns the error of ctx.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Workers stop when all numbers are given out.
func TestEach(t *testing.T) {
	for _, workers := range []int{1, 3, 20} {
		got := make([]int, 10)
		each(t.Context(), len(got), workers, func(i int) { got[i]++ })
		if diff := cmp.Diff([]int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, got); diff != "" {
			t.Errorf("%d workers: calls of each number (-want +got):\n%s", workers, diff)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	each(ctx, 10, 1, func(int) { n++; cancel() })
	if n != 1 {
		t.Errorf("%d calls after the context ended in the first; want none", n-1)
	}
}
