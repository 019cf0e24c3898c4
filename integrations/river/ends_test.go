package retrywiseriver_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseriver "github.com/retrywise/retrywise/integrations/river"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// An ending is what River did with a job, as its UI shows it.
type ending struct {
	State   rivertype.JobState
	Attempt int
	Error   string // of its last attempt
	Next    string // in its metadata
	Why     string // the class there
	Snoozes int
	Delay   time.Duration // until it is run again, to the hour
}

func endingOf(t *testing.T, job *rivertype.JobRow) ending {
	t.Helper()
	var metadata struct {
		Retrywise struct {
			Next  string
			Error struct{ Class string }
		}
		Snoozes int
	}
	if err := json.Unmarshal(job.Metadata, &metadata); err != nil {
		t.Fatal(err)
	}
	e := ending{
		State: job.State, Attempt: job.Attempt, Snoozes: metadata.Snoozes,
		Next: metadata.Retrywise.Next, Why: metadata.Retrywise.Error.Class,
	}
	if n := len(job.Errors); n > 0 {
		e.Error = job.Errors[n-1].Error
	}
	if job.FinalizedAt == nil {
		e.Delay = max(0, job.ScheduledAt.Sub(*job.AttemptedAt)).Round(time.Hour)
	}
	return e
}

func testEnds[TTx any](t *testing.T, open opener[TTx]) {
	hour := time.Now().Add(time.Hour)
	failed := func(e apierrors.Error) error { return &e }
	table := map[string]struct {
		err  error
		want ending
	}{
		"success":    {nil, ending{State: "completed", Attempt: 1}},
		"own error":  {errors.New("no such row"), ending{State: "available", Attempt: 1, Error: "no such row"}},
		"own cancel": {river.JobCancel(errors.New("no such row")), ending{State: "cancelled", Attempt: 1, Error: "JobCancelError: no such row"}},
		"deferred": {
			failed(apierrors.Error{Class: apierrors.QuotaExceeded, Action: apierrors.Defer, Applied: apierrors.AppliedNo, RetryAt: hour}),
			ending{State: "scheduled", Next: "run_again", Why: "quota_exceeded", Snoozes: 1, Delay: time.Hour},
		},
		"temporary": {
			failed(apierrors.Error{Class: apierrors.ServerError, Action: apierrors.Retry, Applied: apierrors.AppliedNo, Status: 503}),
			ending{State: "available", Attempt: 1, Error: "server_error (503)", Next: "run_again", Why: "server_error"},
		},
		"surfaced": {
			failed(apierrors.Error{Class: apierrors.Validation, Action: apierrors.Surface, Applied: apierrors.AppliedNo, Status: 422}),
			ending{State: "cancelled", Attempt: 1, Error: "JobCancelError: set_aside: validation (422)", Next: "set_aside", Why: "validation"},
		},
		"in doubt": {
			failed(apierrors.Error{Class: apierrors.Timeout, Action: apierrors.Retry, Err: context.DeadlineExceeded}),
			ending{State: "cancelled", Attempt: 1, Error: "JobCancelError: look_up: timeout", Next: "look_up", Why: "timeout"},
		},
		"fail fast": {
			failed(apierrors.Error{Class: apierrors.Authentication, Action: apierrors.FailFast, Applied: apierrors.AppliedNo, Status: 401}),
			ending{State: "cancelled", Attempt: 1, Error: "JobCancelError: stop: authentication (401)", Next: "stop", Why: "authentication"},
		},
	}
	p := start(t, open(t)(), 4, retrywiseriver.Options{}, func(_ context.Context, job *river.Job[delivery]) error {
		return table[job.Args.ID].err
	})
	for id := range table {
		insert(t, p, river.InsertOpts{}, id)
	}
	for got := map[string]bool{}; len(got) < len(table); {
		job := p.next(t).Job
		var args delivery
		if err := json.Unmarshal(job.EncodedArgs, &args); err != nil {
			t.Fatal(err)
		}
		if got[args.ID] {
			continue // another attempt
		}
		got[args.ID] = true
		if diff := cmp.Diff(table[args.ID].want, endingOf(t, job)); diff != "" {
			t.Errorf("%s (-want +got):\n%s\n%s", args.ID, diff, job.Metadata)
		}
	}
}
