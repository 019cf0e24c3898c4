package retrywiseasynq_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseasynq "github.com/retrywise/retrywise/integrations/asynq"
	"github.com/retrywise/retrywise/jobs"
)

// isPaused returns what asynq itself says.
func (e *engine) isPaused(t *testing.T) bool {
	t.Helper()
	info, err := e.inspector.GetQueueInfo(vendorQueue)
	if err != nil {
		t.Fatal(err)
	}
	return info.Paused
}

// queue returns the queue of an Adapter, which another process would have too.
func (e *engine) queue(t *testing.T) jobs.Queue {
	t.Helper()
	return retrywiseasynq.NewQueue(t, e.redis, vendorQueue)
}

// asynq says that a queue of ours is paused, and every process knows until when.
func TestQueue(t *testing.T) {
	e := newEngine(t)
	e.enqueue(t, []string{"P-1"})
	q, other := e.queue(t), e.queue(t)
	until := time.Now().Add(time.Hour)
	type state struct {
		Paused bool
		Left   time.Duration
	}
	var got []state
	see := func(failed ...error) {
		t.Helper()
		at, err := other.PausedUntil(t.Context())
		if err := errors.Join(append(failed, err)...); err != nil {
			t.Fatal(err)
		}
		s := state{Paused: e.isPaused(t)}
		if !at.IsZero() {
			s.Left = time.Until(at).Round(time.Minute)
		}
		got = append(got, s)
	}
	see()
	see(q.Pause(t.Context(), until))
	see(q.Pause(t.Context(), until.Add(time.Hour))) // of another process: the first one knows best
	see(other.Resume(t.Context()))
	see(e.inspector.PauseQueue(vendorQueue)) // by a person
	see(q.Pause(t.Context(), until))
	see(q.Resume(t.Context()))
	see(e.inspector.UnpauseQueue(vendorQueue))
	see(q.Pause(t.Context(), until))
	see(e.inspector.UnpauseQueue(vendorQueue)) // by a person, who knows better
	want := []state{{}, {true, time.Hour}, {true, time.Hour}, {}, {true, 0}, {true, 0}, {true, 0}, {}, {true, time.Hour}, {}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// held is the error of a call that the whole account has to wait for.
func held(wait time.Duration) error {
	return &apierrors.Error{
		Class: apierrors.RateLimited, Action: apierrors.Defer, Applied: apierrors.AppliedNo,
		Scope: apierrors.ScopeAccount, RetryAt: time.Now().Add(wait),
	}
}

// A pause outlives its process, and another one ends it.
func TestPauseOfAnotherProcess(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	gone := e.process(t, 1, retrywiseasynq.Options{Queues: []string{vendorQueue}}, func(context.Context, string) error { return held(3 * time.Second) })
	e.enqueue(t, []string{"P-1"})
	poll(t, "the queue is paused", func() bool { return e.isPaused(t) })
	gone.server.Shutdown()
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	if !e.isPaused(t) {
		t.Fatal("the pause has ended with its process")
	}
	e.enqueue(t, []string{"P-2"})
	start := time.Now()
	e.process(t, 1, retrywiseasynq.Options{Queues: []string{vendorQueue}}, func(context.Context, string) error { return nil })
	e.ended(t, 2)
	t.Logf("the pause of 3s was over after %v", time.Since(start).Round(time.Millisecond))
}

// Without a queue to pause, the task is delayed all the same.
func TestDelayWithoutAPause(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	var at []time.Time
	e.process(t, 1, retrywiseasynq.Options{}, func(context.Context, string) error {
		at = append(at, time.Now())
		if len(at) == 1 {
			return held(1200 * time.Millisecond)
		}
		return nil
	})
	e.enqueue(t, []string{"P-1"})
	e.ended(t, 1)
	if len(at) != 2 || at[1].Sub(at[0]) < 1200*time.Millisecond {
		t.Errorf("started at %v; want a second start that is not earlier than the vendor asks for", at)
	}
}

// A task is delayed as often as Options say. Then each delay uses up an attempt.
func TestDelaysAreBounded(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	n := 0
	e.process(t, 1, retrywiseasynq.Options{MaxDelays: 2}, func(context.Context, string) error {
		n++
		return held(500 * time.Millisecond)
	})
	e.enqueue(t, []string{"P-1"}, asynq.MaxRetry(1))
	e.ended(t, 1)
	if info := e.task(t, "P-1"); n != 4 || info.Retried != 1 {
		t.Errorf("%d runs, %d attempts used up; want 2 that are delayed, a first and a last one", n, info.Retried)
	}
}

// A task without attempts is delayed, too: asynq archives it, and it is run from there.
func TestDelayWithoutAttempts(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	var got []string
	e.process(t, 1, retrywiseasynq.Options{Valve: jobs.ValveOptions{Interval: 50 * time.Millisecond}}, func(ctx context.Context, _ string) error {
		id, _ := asynq.GetTaskID(ctx)
		got = append(got, id)
		if len(got) < 3 {
			return held(500 * time.Millisecond)
		}
		return nil
	})
	e.enqueue(t, []string{"P-1"}, asynq.MaxRetry(0))
	poll(t, "the task is done", func() bool { return e.task(t, "P-1").State == asynq.TaskStateCompleted })
	if diff := cmp.Diff([]string{"P-1", "P-1", "P-1"}, got); diff != "" {
		t.Error(diff)
	}
}
