package retrywiseriver_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseriver "github.com/retrywise/retrywise/integrations/river"
	"github.com/retrywise/retrywise/internal/enginetest"
	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

func inDoubt() error {
	return &apierrors.Error{Class: apierrors.Timeout, Action: apierrors.Retry, Err: context.DeadlineExceeded}
}

// A job in doubt is looked up before it is run again.
func testLookUp[TTx any](t *testing.T, open opener[TTx]) {
	type answer struct {
		found bool
		err   error
	}
	deferred := &apierrors.Error{Class: apierrors.RateLimited, Action: apierrors.Defer, Repeatable: true, RetryAt: time.Now().Add(time.Hour)}
	forbidden := &apierrors.Error{Class: apierrors.Permission, Action: apierrors.FailFast, Applied: apierrors.AppliedNo}
	type result struct {
		Runs, LookUps int
		End           ending
	}
	for name, test := range map[string]struct {
		runs     []error // the outcomes of the runs; after them, success
		answers  []answer
		metadata string // with which the job begins
		want     result
	}{
		"found":  {[]error{inDoubt()}, []answer{{true, nil}}, "", result{1, 1, ending{State: "completed", Attempt: 1, Next: "done", Snoozes: 1}}},
		"absent": {[]error{inDoubt()}, []answer{{false, nil}}, "", result{2, 1, ending{State: "completed", Attempt: 1, Next: "done", Snoozes: 1}}},
		"absent, and in doubt again": {
			[]error{inDoubt(), inDoubt()},
			[]answer{{false, nil}, {true, nil}},
			"", result{2, 2, ending{State: "completed", Attempt: 1, Next: "done", Snoozes: 2}},
		},
		"absent, and refused": {
			[]error{&apierrors.Error{Class: apierrors.Unknown, Action: apierrors.Surface}},
			[]answer{{false, nil}},
			"", result{1, 1, ending{State: "cancelled", Attempt: 1, Error: "JobCancelError: set_aside: unknown", Next: "set_aside", Snoozes: 1}},
		},
		"the look-up fails": {
			[]error{inDoubt()},
			[]answer{{false, errors.New("no connection")}, {true, nil}},
			"", result{1, 2, ending{State: "completed", Attempt: 2, Error: "no connection", Next: "done", Snoozes: 1}},
		},
		"the look-up is deferred": {
			[]error{inDoubt()},
			[]answer{{false, deferred}},
			"", result{1, 1, ending{State: "scheduled", Next: "look_up", Why: "rate_limited", Snoozes: 2, Delay: time.Hour}},
		},
		"the look-up is refused": {
			[]error{inDoubt()},
			[]answer{{false, forbidden}},
			"", result{1, 1, ending{State: "cancelled", Attempt: 1, Error: "JobCancelError: look_up: permission", Next: "look_up", Why: "permission", Snoozes: 1}},
		},
		"a killed process, found":  {nil, []answer{{true, nil}}, `{"river:rescue_count":1}`, result{0, 1, ending{State: "completed", Attempt: 1, Next: "done"}}},
		"a killed process, absent": {nil, []answer{{false, nil}}, `{"river:rescue_count":1}`, result{1, 1, ending{State: "completed", Attempt: 1, Next: "done"}}},
		"a rescue that is known": {
			nil, nil,
			`{"river:rescue_count":1,"retrywise":{"next":"run_again","rescues":1}}`,
			result{1, 0, ending{State: "completed", Attempt: 1, Next: "done"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var runs, lookUps atomic.Int64
			find := func(_ context.Context, job *river.Job[delivery]) (bool, error) {
				if job.Args.ID != "P-1" {
					t.Errorf("look-up of %q", job.Args.ID)
				}
				a := test.answers[lookUps.Add(1)-1]
				return a.found, a.err
			}
			o := retrywiseriver.Options{LookUps: []retrywiseriver.LookUp{retrywiseriver.LookUpOf(find)}, LookUpAfter: 50 * time.Millisecond}
			p := start(t, open(t)(), 1, o, func(context.Context, *river.Job[delivery]) error {
				if n := int(runs.Add(1)); n <= len(test.runs) {
					return test.runs[n-1]
				}
				return nil
			})
			insert(t, p, river.InsertOpts{Metadata: []byte(test.metadata)}, "P-1")
			var got result
			for got.End.State != test.want.End.State {
				got.End = endingOf(t, p.next(t).Job)
			}
			got.Runs, got.LookUps = int(runs.Load()), int(lookUps.Load())
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Find lists what waits for a person, and only that.
func testFind[TTx any](t *testing.T, open opener[TTx]) {
	p := start(t, open(t)(), 2, retrywiseriver.Options{}, func(_ context.Context, job *river.Job[delivery]) error {
		switch job.Args.ID {
		case "in doubt":
			return inDoubt()
		case "refused":
			return &apierrors.Error{Class: apierrors.Validation, Action: apierrors.Surface, Applied: apierrors.AppliedNo}
		default:
			return nil
		}
	})
	insert(t, p, river.InsertOpts{}, "done", "in doubt", "refused")
	for range 3 {
		p.next(t)
	}
	got := map[jobs.Next][]string{}
	for _, next := range []jobs.Next{jobs.LookUp, jobs.SetAside, jobs.Stop} {
		found, err := p.JobList(t.Context(), retrywiseriver.Find(next))
		if err != nil {
			t.Fatal(err)
		}
		for _, job := range found.Jobs {
			var args delivery
			if err := json.Unmarshal(job.EncodedArgs, &args); err != nil {
				t.Fatal(err)
			}
			got[next] = append(got[next], args.ID)
		}
	}
	if diff := cmp.Diff(map[jobs.Next][]string{jobs.LookUp: {"in doubt"}, jobs.SetAside: {"refused"}}, got); diff != "" {
		t.Error(diff)
	}
}

// The end of a process is not a failure of a job, but a write that was under way is in doubt: River
// would run it again at once.
func testShutdown[TTx any](t *testing.T, open opener[TTx]) {
	for name, test := range map[string]struct {
		method string
		want   ending
	}{
		"a read":  {http.MethodGet, ending{State: "available", Next: "run_again", Why: "canceled"}},
		"a write": {http.MethodPost, ending{State: "cancelled", Attempt: 1, Error: "JobCancelError: look_up: deliver: canceled; the caller canceled the call; applied: unknown", Next: "look_up", Why: "canceled"}},
	} {
		t.Run(name, func(t *testing.T) {
			arrived := make(chan struct{})
			srv, err := retrywisetest.Start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(arrived)
				retrywisetest.Hang()(w, r)
			}))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(srv.Close)
			c := enginetest.NewClient(t, srv.URL(), policy.ForJobs())
			p := start(t, open(t)(), 1, retrywiseriver.Options{}, func(ctx context.Context, _ *river.Job[delivery]) error {
				_, err := client.Do[struct{}](ctx, c, client.Call{Method: test.method, Path: "/", Options: client.CallOptions{Op: "deliver"}})
				return err
			})
			insert(t, p, river.InsertOpts{}, "P-1")
			<-arrived
			if err := p.StopAndCancel(t.Context()); err != nil {
				t.Fatal(err)
			}
			job := p.next(t).Job
			if diff := cmp.Diff(test.want, endingOf(t, job)); diff != "" {
				t.Errorf("%s\n%s", diff, job.Metadata)
			}
		})
	}
}

// A job that is snoozed without end uses up its attempts in the end.
func testSnoozesAreBounded[TTx any](t *testing.T, open opener[TTx]) {
	p := start(t, open(t)(), 1, retrywiseriver.Options{MaxSnoozes: 3}, func(context.Context, *river.Job[delivery]) error {
		return &apierrors.Error{Class: apierrors.RateLimited, Applied: apierrors.AppliedNo, RetryAt: time.Now().Add(20 * time.Millisecond)}
	})
	insert(t, p, river.InsertOpts{MaxAttempts: 2}, "P-1")
	var job *rivertype.JobRow
	for job == nil || job.State != rivertype.JobStateDiscarded {
		job = p.next(t).Job
	}
	want := ending{State: "discarded", Attempt: 2, Error: "rate_limited", Next: "run_again", Why: "rate_limited", Snoozes: 3}
	got := endingOf(t, job)
	got.Error = got.Error[:min(len(got.Error), len(want.Error))]
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
