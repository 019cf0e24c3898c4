package jobs_test

import (
	"context"
	"testing"
	"time"

	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/retrywisetest"
)

func TestEndEarly(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		for timeout, want := range map[time.Duration]time.Duration{time.Second: 900 * time.Millisecond, time.Hour: time.Hour - 5*time.Second} {
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			early, end := jobs.EndEarly(ctx)
			defer end()
			if deadline, _ := early.Deadline(); time.Until(deadline) != want {
				t.Errorf("%v: ends after %v, want %v", timeout, time.Until(deadline), want)
			}
		}
		early, end := jobs.EndEarly(t.Context())
		if _, ok := early.Deadline(); ok {
			t.Error("a deadline of a context without one")
		}
		if end(); early.Err() == nil {
			t.Error("not canceled")
		}
	})
}
