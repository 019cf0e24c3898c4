package retrywiseriver

import (
	"errors"
	"fmt"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/jobs"
	"github.com/riverqueue/river"
)

// Error returns what a worker returns for err, with which its job's call ended: a snooze until the
// vendor takes the call, a cancellation with the reason, or err, which River retries. It is nil if
// err is. A Middleware does this for all workers, and more.
func Error(err error, o jobs.Options) error { return translate(err, jobs.After(err, o)) }

func translate(err error, step jobs.Step) error {
	switch {
	case step.Next == jobs.Done:
		return nil
	case step.Next != jobs.RunAgain:
		return river.JobCancel(&reason{step.Next, err})
	case step.Delay > 0:
		return fmt.Errorf("%w: %w", err, river.JobSnooze(step.Delay))
	default:
		return err
	}
}

// A reason is why a job is canceled. It does not unwrap to the error of the call, which may be that
// of a context: River runs a job again whose context it has canceled, even a canceled job.
type reason struct {
	next jobs.Next
	err  error
}

func (r *reason) Error() string { return fmt.Sprintf("%v: %v", r.next, r.err) }

// As finds the error of the call.
func (r *reason) As(target any) bool {
	_, ok := target.(**apierrors.Error)
	return ok && errors.As(r.err, target)
}

// isDecided reports whether the worker has said what to do with the job.
func isDecided(err error) bool {
	_, canceled := errors.AsType[*river.JobCancelError](err)
	_, snoozed := errors.AsType[*river.JobSnoozeError](err)
	return canceled || snoozed
}
