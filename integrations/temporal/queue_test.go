package retrywisetemporal_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	taskqueuepb "go.temporal.io/api/taskqueue/v1"

	apierrors "github.com/retrywise/retrywise/errors"
	retrywisetemporal "github.com/retrywise/retrywise/integrations/temporal"
	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/retrywisetest"
)

const paused = "0 per second, paused by retrywise"

// A pause sets the rate to zero, and its end restores what was there before.
func TestQueueRestoresTheLimit(t *testing.T) {
	until := time.Now().Add(time.Hour)
	for name, test := range map[string]struct {
		before *taskqueuepb.RateLimit
		reason string
		during string
		until  time.Time
		after  string
	}{
		"no limit":         {nil, "", paused, until, "no limit"},
		"a limit":          {&taskqueuepb.RateLimit{RequestsPerSecond: 2.5}, "the vendor's plan", paused, until, "2.5 per second, the vendor's plan"},
		"a long reason":    {&taskqueuepb.RateLimit{RequestsPerSecond: 1}, strings.Repeat("é", 499), paused, until, "1 per second, " + strings.Repeat("é", 400)},
		"an operator's":    {&taskqueuepb.RateLimit{}, "maintenance", "0 per second, maintenance", time.Time{}, "0 per second, maintenance"},
		"a reason like it": {&taskqueuepb.RateLimit{}, "paused by retrywise: by hand", paused, time.Time{}, paused},
	} {
		t.Run(name, func(t *testing.T) {
			var s service
			s.set(test.before, test.reason)
			q := retrywisetemporal.NewQueue(&s, "default", "vendor")
			if err := q.Pause(t.Context(), until); err != nil {
				t.Fatal(err)
			}
			if len(s.limit.GetMetadata().GetReason()) > 1000 {
				t.Errorf("the reason has %d bytes, which a server refuses", len(s.limit.GetMetadata().GetReason()))
			}
			got, err := q.PausedUntil(t.Context())
			if err != nil || !got.Equal(test.until) || s.rate() != test.during {
				t.Errorf("paused until %v, %s, %v; want %v, %s", got, s.rate(), err, test.until, test.during)
			}
			if err := q.Resume(t.Context()); err != nil || s.rate() != test.after {
				t.Errorf("after the pause: %s, %v; want %s", s.rate(), err, test.after)
			}
		})
	}
}

// A second pause keeps the limit from before the first.
func TestQueuePausedTwice(t *testing.T) {
	var s service
	s.set(&taskqueuepb.RateLimit{RequestsPerSecond: 7}, "plan")
	q := retrywisetemporal.NewQueue(&s, "default", "vendor")
	later := time.Now().Add(time.Hour)
	for _, until := range []time.Time{time.Now().Add(time.Minute), later} {
		if err := q.Pause(t.Context(), until); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := q.PausedUntil(t.Context()); err != nil || !got.Equal(later) {
		t.Errorf("paused until %v, %v; want %v", got, err, later)
	}
	if err := q.Resume(t.Context()); err != nil || s.rate() != "7 per second, plan" {
		t.Errorf("after the pause: %s, %v", s.rate(), err)
	}
}

// A limit that an operator sets during a pause is the operator's.
func TestQueueLeavesALimitThatCameLater(t *testing.T) {
	var s service
	q := retrywisetemporal.NewQueue(&s, "default", "vendor")
	if err := q.Pause(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	s.set(&taskqueuepb.RateLimit{RequestsPerSecond: 1}, "slowly")
	until, err := q.PausedUntil(t.Context())
	if err != nil || !until.IsZero() {
		t.Errorf("paused until %v, %v; want no pause", until, err)
	}
	if err := q.Resume(t.Context()); err != nil || s.rate() != "1 per second, slowly" {
		t.Errorf("after Resume: %s, %v", s.rate(), err)
	}
}

func TestQueueOfAServerThatFails(t *testing.T) {
	s := service{err: errors.New("unavailable")}
	q := retrywisetemporal.NewQueue(&s, "default", "vendor")
	_, err := q.PausedUntil(t.Context())
	for _, got := range []error{err, q.Pause(t.Context(), time.Now()), q.Resume(t.Context())} {
		if !errors.Is(got, s.err) {
			t.Errorf("got %v, want %v", got, s.err)
		}
	}
}

// A pause of a process that was killed is ended by another one.
func TestQueueIsResumedByAnotherProcess(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		var s service
		first := jobs.NewValve(retrywisetemporal.NewQueue(&s, "default", "vendor"), jobs.ValveOptions{})
		err := first.Note(t.Context(), &apierrors.Error{
			Class: apierrors.RateLimited, Action: apierrors.Defer, Applied: apierrors.AppliedNo,
			Scope: apierrors.ScopeAccount, RetryAt: time.Now().Add(time.Minute),
		})
		first.Close()
		if err != nil || s.rate() != paused {
			t.Fatalf("%s, %v", s.rate(), err)
		}
		second := jobs.NewValve(retrywisetemporal.NewQueue(&s, "default", "vendor"), jobs.ValveOptions{})
		defer second.Close()
		time.Sleep(time.Minute - time.Second)
		if s.rate() != paused {
			t.Errorf("a second before its end: %s", s.rate())
		}
		time.Sleep(2 * time.Second)
		if s.rate() != "no limit" {
			t.Errorf("after the pause: %s", s.rate())
		}
	})
}
