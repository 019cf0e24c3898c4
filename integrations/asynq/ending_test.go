package retrywiseasynq_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseasynq "github.com/retrywise/retrywise/integrations/asynq"
	"github.com/retrywise/retrywise/jobs"
)

// An end is what asynq did with a task after its first run, as its UI shows it.
type end struct {
	State   string
	Retried int
	LastErr string
	Next    jobs.Next     // of an archived task
	Delay   time.Duration // until it is run again
	Result  string
}

func (e *engine) endOf(t *testing.T, id string) end {
	t.Helper()
	info := e.task(t, id)
	next, _ := retrywiseasynq.NextOf(info)
	got := end{State: info.State.String(), Retried: info.Retried, LastErr: info.LastErr, Next: next, Result: string(info.Result)}
	if info.State == asynq.TaskStateRetry {
		got.Delay = max(0, time.Until(info.NextProcessAt)).Round(10 * time.Minute) // it is spread
	}
	return got
}

func TestEndings(t *testing.T) {
	t.Parallel()
	hour := time.Now().Add(time.Hour)
	at := hour.UTC().Format(time.RFC3339)
	failed := func(e apierrors.Error) error { return fmt.Errorf("record of Ana: %w", &e) }
	deferred := failed(apierrors.Error{Class: apierrors.QuotaExceeded, Action: apierrors.Defer, Applied: apierrors.AppliedNo, RetryAt: hour})
	table := map[string]struct {
		err  error
		want end
	}{
		"success":   {nil, end{State: "completed"}},
		"own error": {errors.New("no such row"), end{State: "retry", Retried: 1, LastErr: "no such row", Delay: 30 * time.Minute}},
		"own skip":  {fmt.Errorf("no such row: %w", asynq.SkipRetry), end{State: "archived", LastErr: "no such row: skip retry for the task"}},
		"deferred":  {deferred, end{State: "retry", LastErr: "run_again: quota_exceeded; retry at " + at, Delay: time.Hour}},
		"temporary": {
			failed(apierrors.Error{Class: apierrors.ServerError, Action: apierrors.Retry, Applied: apierrors.AppliedNo, Status: 503}),
			end{State: "retry", Retried: 1, LastErr: "run_again: server_error (503)", Delay: 30 * time.Minute},
		},
		"surfaced": {
			failed(apierrors.Error{Class: apierrors.Validation, Action: apierrors.Surface, Applied: apierrors.AppliedNo, Status: 422, Message: "Ana"}),
			end{State: "archived", LastErr: "set_aside: validation (422)", Next: jobs.SetAside, Result: `{"next":"set_aside","error":{"class":"validation","action":"surface","stop":"none","applied":"no","scope":"none","status":422}}`},
		},
		"in doubt": {
			failed(apierrors.Error{Class: apierrors.Timeout, Action: apierrors.Retry, Err: context.DeadlineExceeded}),
			end{State: "archived", LastErr: "look_up: timeout", Next: jobs.LookUp, Result: `{"next":"look_up","if_absent":"run_again","error":{"class":"timeout","action":"retry","stop":"none","applied":"unknown","scope":"none"}}`},
		},
		"in doubt, with a time": {
			failed(apierrors.Error{Class: apierrors.Timeout, Action: apierrors.Retry, RetryAt: hour}),
			end{State: "archived", LastErr: "look_up: timeout; retry at " + at, Next: jobs.LookUp},
		},
		"fail fast": {
			failed(apierrors.Error{Class: apierrors.Authentication, Action: apierrors.FailFast, Applied: apierrors.AppliedNo, Status: 401}),
			end{State: "archived", LastErr: "stop: authentication (401)", Next: jobs.Stop},
		},
	}
	e := newEngine(t)
	a, err := retrywiseasynq.New(e.redis, retrywiseasynq.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	seen := make(chan jobs.Step, len(table))
	config := asynq.Config{
		Queues: map[string]int{vendorQueue: 1}, Logger: quiet{},
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return 30 * time.Minute },
		ErrorHandler: asynq.ErrorHandlerFunc(func(_ context.Context, _ *asynq.Task, err error) {
			step, _ := retrywiseasynq.StepOf(err)
			seen <- step
		}),
	}
	e.run(t, a, config, func(_ context.Context, id string) error { return table[id].err })
	for id := range table {
		e.enqueue(t, []string{id})
	}
	for id, test := range table {
		poll(t, id+" has run", func() bool {
			state := e.task(t, id).State
			return state != asynq.TaskStatePending && state != asynq.TaskStateActive
		})
		got := e.endOf(t, id)
		if test.want.Result == "" {
			got.Result = ""
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
	counts := map[jobs.Next]int{}
	for range len(table) - 1 {
		counts[(<-seen).Next]++
	}
	want := map[jobs.Next]int{jobs.Done: 1, jobs.RunAgain: 3, jobs.LookUp: 2, jobs.SetAside: 1, jobs.Stop: 1}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("what the ErrorHandler got (-want +got):\n%s", diff)
	}
}
