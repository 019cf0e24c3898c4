package retrywisetemporal_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	apierrors "github.com/retrywise/retrywise/errors"
	retrywisetemporal "github.com/retrywise/retrywise/integrations/temporal"
	"github.com/retrywise/retrywise/jobs"
)

// An answer is that of a look-up.
type answer struct {
	found bool
	err   error
}

// An activity that may have been executed is looked up before it is run again, until it is known.
func TestInterceptorLooksUp(t *testing.T) {
	inDoubt := &apierrors.Error{Class: apierrors.Timeout, Status: 504, Action: apierrors.Retry}
	temporary := &apierrors.Error{Class: apierrors.ServerError, Status: 500, Action: apierrors.Retry, Repeatable: true}
	refused := &apierrors.Error{Class: apierrors.Authentication, Status: 401, Action: apierrors.FailFast, Applied: apierrors.AppliedNo}
	for name, test := range map[string]struct {
		first   error
		answers []answer
		want    []string // what happened, in order
	}{
		"found":                     {inDoubt, []answer{{found: true}}, []string{"run", "look up at 10s", "found"}},
		"absent":                    {inDoubt, []answer{{}}, []string{"run", "look up at 10s", "run", "created"}},
		"it takes two look-ups":     {inDoubt, []answer{{err: temporary}, {}}, []string{"run", "look up at 10s", "look up at 11s", "run", "created"}},
		"a delayed look-up":         {inDoubt, []answer{{err: limitedFor(time.Hour)}, {found: true}}, []string{"run", "look up at 10s", "look up at 1h", "found"}},
		"an error of the program":   {inDoubt, []answer{{err: errors.New("no row")}, {found: true}}, []string{"run", "look up at 10s", "look up at 11s", "found"}},
		"the look-up is refused":    {inDoubt, []answer{{err: refused}}, []string{"run", "look up at 10s", "look_up: the look-up failed: authentication (401)"}},
		"certainly not executed":    {limitedFor(time.Hour), []answer{{}}, []string{"run", "look up at 1h", "run", "created"}},
		"refused, and in doubt":     {&apierrors.Error{Class: apierrors.Unknown, Status: 418, Action: apierrors.Surface}, nil, []string{"run", "look_up: unknown (418)"}},
		"in doubt, and told a time": {&apierrors.Error{Class: apierrors.Timeout, Action: apierrors.Retry, RetryAt: time.Now().Add(time.Hour + time.Second)}, []answer{{found: true}}, []string{"run", "look up at 1h", "found"}},
		"refused":                   {&apierrors.Error{Class: apierrors.Validation, Status: 422, Action: apierrors.Surface, Applied: apierrors.AppliedNo}, nil, []string{"run", "set_aside: validation (422)"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, lookedUp(t, test.first, test.answers)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// lookedUp runs an activity whose first call ends with err, and returns what happened.
func lookedUp(t *testing.T, err error, answers []answer) []string {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet())
	env := suite.NewTestWorkflowEnvironment()
	start := env.Now()
	var log []string
	lookUp := func(_ context.Context, args []any) (any, bool, error) {
		after := env.Now().Sub(start).Truncate(time.Second)
		if after > time.Minute { // such delays are spread
			after = after.Truncate(2 * time.Minute)
		}
		log = append(log, "look up at "+strings.TrimSuffix(after.String(), "0m0s"))
		if len(args) != 1 || args[0] != "order 7" {
			t.Errorf("args %v", args)
		}
		a := answers[0]
		answers = answers[1:]
		return "found", a.found, a.err
	}
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{
		retrywisetemporal.NewInterceptor(retrywisetemporal.Options{LookUp: map[string]retrywisetemporal.LookUp{"create": lookUp}}),
	}})
	env.RegisterActivityWithOptions(func(ctx context.Context, _ string) (string, error) {
		log = append(log, "run")
		if activity.GetInfo(ctx).Attempt == 1 {
			return "", err
		}
		return "created", nil
	}, activity.RegisterOptions{Name: "create"})
	env.ExecuteWorkflow(func(ctx workflow.Context) (result string, err error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second}})
		err = workflow.ExecuteActivity(ctx, "create", "order 7").Get(ctx, &result)
		return result, err
	})
	if e, ok := errors.AsType[*temporal.ApplicationError](env.GetWorkflowError()); ok {
		return append(log, e.Message())
	}
	var result string
	if err := env.GetWorkflowResult(&result); err != nil {
		t.Fatal(err)
	}
	return append(log, result)
}

// An activity is not run again for ever.
func TestInterceptorBoundsAttempts(t *testing.T) {
	got := runActivity(t, retrywisetemporal.Options{MaxAttempts: 3}, func(context.Context) (string, error) {
		return "", limitedFor(time.Hour)
	})
	f, ok := retrywisetemporal.FailureOf(got.Err)
	if len(got.Starts) != 3 || !ok || f.Next != jobs.SetAside || !strings.Contains(got.Err.Error(), "set_aside: after 3 attempts: rate_limited") {
		t.Errorf("%d attempts, then %v", len(got.Starts), got.Err)
	}
}

// The task queue is paused before the activity ends, and by the first one that learns it.
func TestInterceptorPausesTheQueue(t *testing.T) {
	var s service
	valve := jobs.NewValve(retrywisetemporal.NewQueue(&s, "default", "vendor"), jobs.ValveOptions{})
	defer valve.Close()
	got := runActivity(t, retrywisetemporal.Options{Valve: valve}, func(ctx context.Context) (string, error) {
		if activity.GetInfo(ctx).Attempt == 1 {
			return "", limitedFor(time.Hour)
		}
		return s.rate(), nil
	})
	if got.Err != nil || got.Result != paused {
		t.Errorf("%s, %v", got.Result, got.Err)
	}
}

// Without a pause, activities are started in vain, and nothing else changes.
func TestInterceptorWithAQueueThatCannotBePaused(t *testing.T) {
	s := service{deny: errors.New("permission denied")}
	valve := jobs.NewValve(retrywisetemporal.NewQueue(&s, "default", "vendor"), jobs.ValveOptions{})
	defer valve.Close()
	got := runActivity(t, retrywisetemporal.Options{Valve: valve}, func(ctx context.Context) (string, error) {
		if activity.GetInfo(ctx).Attempt == 1 {
			return "", limitedFor(time.Hour)
		}
		return "created", nil
	})
	if got.Err != nil || got.Result != "created" || got.Starts[1] < time.Hour {
		t.Errorf("%+v", got)
	}
}

// An activity ends before Temporal gives it up and retries it.
func TestInterceptorEndsBeforeTheTimeout(t *testing.T) {
	var left time.Duration
	runActivity(t, retrywisetemporal.Options{}, func(ctx context.Context) (string, error) {
		deadline, _ := ctx.Deadline()
		left = activity.GetInfo(ctx).Deadline.Sub(deadline)
		return "", nil
	})
	if left < 4*time.Second || left > 5*time.Second {
		t.Errorf("the context ends %v before StartToCloseTimeout, want 5s", left)
	}
}

// A shutdown of the worker is not a failure of the activity: another worker runs it again at once,
// unless it may have been executed. One that its workflow cancels ends canceled, and says whether it
// may have been executed.
func TestInterceptorOfAnActivityThatIsInterrupted(t *testing.T) {
	for name, test := range map[string]struct {
		cause   error
		applied apierrors.Applied
		want    string
	}{
		"shutdown":           {worker.ErrWorkerShutdown, apierrors.AppliedNo, "run_again after 1s"},
		"shutdown, in doubt": {worker.ErrWorkerShutdown, apierrors.AppliedUnknown, "look_up, and not retried"},
		"canceled":           {temporal.NewCanceledError(), apierrors.AppliedNo, "run_again, but canceled"},
		"canceled, in doubt": {temporal.NewCanceledError(), apierrors.AppliedUnknown, "look_up, but canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithCancelCause(t.Context())
			var suite testsuite.WorkflowTestSuite
			suite.SetLogger(quiet())
			env := suite.NewTestActivityEnvironment()
			env.SetWorkerOptions(worker.Options{
				BackgroundActivityContext: ctx,
				Interceptors:              []interceptor.WorkerInterceptor{retrywisetemporal.NewInterceptor(retrywisetemporal.Options{})},
			})
			act := func(ctx context.Context) error {
				stop(test.cause)
				<-ctx.Done()
				return &apierrors.Error{Class: apierrors.Canceled, Applied: test.applied, Err: ctx.Err()}
			}
			env.RegisterActivity(act)
			_, err := env.ExecuteActivity(act)
			if got := described(err); got != test.want {
				t.Errorf("%s (%v), want %s", got, err, test.want)
			}
		})
	}
}

// described returns in words what Temporal does with an activity that ended with err.
func described(err error) string {
	f, _ := retrywisetemporal.FailureOf(err)
	switch e, _ := errors.AsType[*temporal.ApplicationError](err); {
	case temporal.IsCanceledError(err):
		return f.Next.String() + ", but canceled"
	case e.NonRetryable():
		return f.Next.String() + ", and not retried"
	default:
		return f.Next.String() + " after " + e.NextRetryDelay().String()
	}
}

// A person has to learn that every call would fail.
func TestInterceptorLogsAStop(t *testing.T) {
	var lines atomic.Int32
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(countHandler{slog.DiscardHandler, &lines})))
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{retrywisetemporal.NewInterceptor(retrywisetemporal.Options{})}})
	act := func(context.Context) error {
		return &apierrors.Error{Class: apierrors.Permission, Status: 403, Action: apierrors.FailFast, Applied: apierrors.AppliedNo}
	}
	env.RegisterActivity(act)
	if _, err := env.ExecuteActivity(act); err == nil || lines.Load() != 1 {
		t.Errorf("%d lines, %v", lines.Load(), err)
	}
}

// countHandler counts the lines that say that a person must act.
type countHandler struct {
	slog.Handler
	lines *atomic.Int32
}

func (countHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h countHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

func (h countHandler) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "until a person acts") {
		h.lines.Add(1)
	}
	return nil
}
