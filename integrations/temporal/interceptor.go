package retrywisetemporal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"github.com/retrywise/retrywise/jobs"
)

// Options say how the activities of a worker are run. The zero value works.
type Options struct {
	// Jobs bounds delays, and says whether each attempt of an activity sends the same idempotency
	// key.
	Jobs jobs.Options

	// Valve pauses the task queue of the worker; see [NewQueue]. nil: each activity is started
	// to learn that the vendor takes no calls, and is run again later.
	Valve *jobs.Valve

	// LookUp has, by the names of activities, what finds out whether the vendor has executed
	// one. It is asked before each attempt but the first: after a call of which that is not
	// known, and after a worker that died. Without it, an activity that may have been executed
	// fails.
	LookUp map[string]LookUp

	// LookUpDelay is how long after such a call the activity is looked up: until then the vendor may
	// still execute it, or not show it. Default 10 seconds.
	LookUpDelay time.Duration

	// MaxAttempts is after how many attempts an activity fails whose call failed, even if its
	// RetryPolicy allows more. Default 1000.
	MaxAttempts int
}

// A LookUp finds out whether the vendor has executed the activity with these arguments, and what
// the result is. If found is false and err is nil, it is certain that the vendor has not, and the
// activity is run. After an error of a client, the activity is looked up again in the next attempt.
type LookUp func(ctx context.Context, args []any) (result any, found bool, err error)

// Defaults of Options.
const (
	defaultLookUpDelay = 10 * time.Second
	defaultMaxAttempts = 1000
)

// NewInterceptor returns an interceptor for the Options of a worker, which does with each
// activity what the error of its call says: see [Error]. In addition,
//
//   - it pauses the task queue by Options.Valve, and holds the activity until that is done;
//   - it looks up by Options.LookUp;
//   - the context of an activity ends a little before StartToCloseTimeout, so that Temporal learns
//     how the call ended, and does not retry one that may have been executed;
//   - an activity that was canceled ends canceled, and one that the worker's shutdown
//     interrupted is run again at once;
//   - an activity that fails as every call would (stop) is logged as an error.
func NewInterceptor(o Options) interceptor.WorkerInterceptor {
	if o.LookUpDelay <= 0 {
		o.LookUpDelay = defaultLookUpDelay
	}
	if o.MaxAttempts <= 0 {
		o.MaxAttempts = defaultMaxAttempts
	}
	return &workerInterceptor{o: o}
}

type workerInterceptor struct {
	interceptor.WorkerInterceptorBase
	o Options
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (w *workerInterceptor) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	a := &activityInterceptor{o: w.o}
	a.Next = next
	return a
}

type activityInterceptor struct {
	interceptor.ActivityInboundInterceptorBase
	o Options
}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (a *activityInterceptor) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	lookUp := a.o.LookUp[info.ActivityType.Name]
	early, cancel := jobs.EndEarly(ctx) // after StartToCloseTimeout, Temporal retries the activity, whatever the vendor did
	defer cancel()
	if lookUp != nil && info.Attempt > 1 {
		if result, found, err := lookUp(early, in.Args); found || err != nil {
			return result, a.end(ctx, err, a.afterLookUp)
		}
	}
	result, err := a.Next.ExecuteActivity(early, in)
	if lookUp != nil {
		return result, a.end(ctx, err, a.afterCallToLookUp)
	}
	return result, a.end(ctx, err, a.afterCall)
}

// end returns the error of an activity whose call ended with err. judge says what happens to it.
func (a *activityInterceptor) end(ctx context.Context, err error, judge func(jobs.Step) verdict) error {
	if isTemporal(err) {
		return err
	}
	a.note(ctx, err)
	step := jobs.After(err, a.o.Jobs)
	if step.Err == nil { // there is no error, or one of another kind
		return err
	}
	v := a.bound(ctx, judge(step))
	switch cause := context.Cause(ctx); {
	case temporal.IsCanceledError(cause):
		return temporal.NewCanceledError(newFailure(v.Step))
	case errors.Is(cause, worker.ErrWorkerShutdown) && v.Next == jobs.RunAgain:
		v.Delay = time.Second
	case v.Next == jobs.Stop:
		activity.GetLogger(ctx).Error("Every call would fail until a person acts.", "error", step.Err.Error())
	}
	return v.error(err)
}

// note pauses the task queue if err says that every call has to wait, and ends a pause in an outage
// if it is nil. If that fails, activities are started in vain, and nothing else is lost.
func (a *activityInterceptor) note(ctx context.Context, err error) {
	if a.o.Valve == nil {
		return
	}
	if failure := a.o.Valve.Note(ctx, err); failure != nil && ctx.Err() == nil {
		activity.GetLogger(ctx).Warn("The task queue is not paused, or not resumed.", "error", failure)
	}
}

func (a *activityInterceptor) afterCall(step jobs.Step) verdict { return newVerdict(step) }

// afterCallToLookUp has an activity that may have been executed run again, which looks it up. If the
// vendor refused it as well, a person has to look.
func (a *activityInterceptor) afterCallToLookUp(step jobs.Step) verdict {
	v := newVerdict(step)
	if step.Next != jobs.LookUp {
		return v
	}
	v.retry, v.Delay = step.IfAbsent == jobs.RunAgain, max(step.Delay, a.o.LookUpDelay)
	return v
}

// afterLookUp has an activity looked up again if the look-up did not fail for good.
func (a *activityInterceptor) afterLookUp(step jobs.Step) verdict {
	v := newVerdict(step)
	v.Next, v.text = jobs.LookUp, "the look-up failed: "
	return v
}

// bound ends the retries of an activity after MaxAttempts.
func (a *activityInterceptor) bound(ctx context.Context, v verdict) verdict {
	if attempts := int(activity.GetInfo(ctx).Attempt); v.retry && attempts >= a.o.MaxAttempts {
		v.retry, v.text = false, fmt.Sprintf("after %d attempts: %s", attempts, v.text)
		if v.Next == jobs.RunAgain {
			v.Next = jobs.SetAside
		}
	}
	return v
}
