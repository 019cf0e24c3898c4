//go:build temporalserver

package retrywisetemporal_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	temporalclient "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	apierrors "github.com/retrywise/retrywise/errors"
	retrywisetemporal "github.com/retrywise/retrywise/integrations/temporal"
)

// What a server does with an activity whose calls all end with the same error, and what its UI shows
// of it.
func TestServerTakesTheErrors(t *testing.T) {
	t.Parallel()
	notFound := func(context.Context, []any) (any, bool, error) { return nil, false, nil }
	f := connect(t)
	for name, test := range map[string]struct {
		err    error
		lookUp retrywisetemporal.LookUp
		want   string
	}{
		"success":              {nil, nil, "completed"},
		"temporary":            {&apierrors.Error{Class: apierrors.ServerError, Status: 500, Action: apierrors.Retry, Applied: apierrors.AppliedNo}, nil, "server_error, attempt 2 after 1h0m0s: run_again: server_error (500)"},
		"deferred":             {limitedFor(6 * time.Hour), nil, "rate_limited, attempt 2 after 6h0m0s: run_again: rate_limited (429)"},
		"refused":              {&apierrors.Error{Class: apierrors.Validation, Status: 422, Code: "TOO_LONG", Action: apierrors.Surface, Applied: apierrors.AppliedNo}, nil, "failed: set_aside: validation (422 TOO_LONG)"},
		"refused credential":   {&apierrors.Error{Class: apierrors.Authentication, Status: 401, Action: apierrors.FailFast, Applied: apierrors.AppliedNo}, nil, "failed: stop: authentication (401)"},
		"in doubt":             {&apierrors.Error{Class: apierrors.Timeout, Status: 504, Action: apierrors.Retry}, nil, "failed: look_up: timeout (504)"},
		"in doubt, looked up":  {&apierrors.Error{Class: apierrors.Timeout, Status: 504, Action: apierrors.Retry}, notFound, "timeout, attempt 2 after 10s: look_up: timeout (504)"},
		"in doubt and refused": {&apierrors.Error{Class: apierrors.Unknown, Status: 418, Action: apierrors.Surface}, notFound, "failed: look_up: unknown (418)"},
	} {
		t.Run(name, func(t *testing.T) {
			queue := strings.ReplaceAll(t.Name(), "/", "-")
			o := retrywisetemporal.Options{}
			if test.lookUp != nil {
				o.LookUp = map[string]retrywisetemporal.LookUp{"create": test.lookUp}
			}
			w := worker.New(f.temporal, queue, worker.Options{Interceptors: []interceptor.WorkerInterceptor{retrywisetemporal.NewInterceptor(o)}})
			w.RegisterActivityWithOptions(func(context.Context) error { return test.err }, activity.RegisterOptions{Name: "create"})
			w.RegisterWorkflow(createHourly)
			f.start(t, w)
			run, err := f.temporal.ExecuteWorkflow(t.Context(), temporalclient.StartWorkflowOptions{TaskQueue: queue}, createHourly)
			if err != nil {
				t.Fatal(err)
			}
			got := f.shown(t, run)
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			_ = f.temporal.TerminateWorkflow(t.Context(), run.GetID(), "", "the test is over") // it may have ended
		})
	}
}

func createHourly(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Hour},
	})
	return workflow.ExecuteActivity(ctx, "create").Get(ctx, nil)
}

// shown returns what the UI shows of a workflow with one activity, once its first attempt has ended.
func (f *fixture) shown(t *testing.T, run temporalclient.WorkflowRun) string {
	t.Helper()
	for ticker := time.NewTicker(20 * time.Millisecond); ; <-ticker.C {
		d := f.describe(t, run)
		switch d.GetWorkflowExecutionInfo().GetStatus() {
		case enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
			return "completed"
		case enumspb.WORKFLOW_EXECUTION_STATUS_FAILED:
			return "failed: " + f.failure(t, run)
		default:
		}
		for _, a := range d.GetPendingActivities() {
			if a.GetAttempt() > 1 {
				interval := a.GetCurrentRetryInterval().AsDuration().Round(time.Millisecond)
				if interval > 2*time.Hour { // it is spread
					interval = interval.Truncate(2 * time.Minute)
				}
				message, _, _ := strings.Cut(a.GetLastFailure().GetMessage(), ";")
				return fmt.Sprintf("%s, attempt %d after %v: %s", a.GetLastFailure().GetApplicationFailureInfo().GetType(), a.GetAttempt(), interval, message)
			}
		}
	}
}

// failure returns the message of the activity that failed a workflow.
func (f *fixture) failure(t *testing.T, run temporalclient.WorkflowRun) string {
	t.Helper()
	history := f.temporal.GetWorkflowHistory(t.Context(), run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			t.Fatal(err)
		}
		if failed := event.GetActivityTaskFailedEventAttributes(); failed != nil {
			return failed.GetFailure().GetMessage()
		}
	}
	return "no activity failed"
}
