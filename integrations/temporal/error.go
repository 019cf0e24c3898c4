package retrywisetemporal

import (
	"errors"

	"go.temporal.io/sdk/temporal"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/jobs"
)

// Error returns what an activity returns to Temporal if its call ended with err. The type of the
// error is the class, such as "validation", its text begins with the name of a [jobs.Next], and
// [FailureOf] has the rest:
//
//   - run_again is retried by Temporal: after the time that the vendor asks for, or else by the
//     RetryPolicy of the activity;
//   - look_up, set_aside and stop are not retried, and fail the activity.
//
// An error that is not one of a client, nil among them, is returned as it is. The cause of the
// error is left out: Temporal would store its text, which may have URLs.
//
// [NewInterceptor] does it for all activities of a worker, and more.
func Error(err error, o jobs.Options) error {
	if isTemporal(err) {
		return err
	}
	return newVerdict(jobs.After(err, o)).error(err)
}

// A verdict is what happens to an activity.
type verdict struct {
	jobs.Step
	retry bool
	text  string // goes before that of the error
}

func newVerdict(step jobs.Step) verdict {
	return verdict{Step: step, retry: step.Next == jobs.RunAgain}
}

// error returns the error of Temporal for v, which is about err.
func (v verdict) error(err error) error {
	if v.Err == nil {
		return err
	}
	o := temporal.ApplicationErrorOptions{NonRetryable: !v.retry, Details: []any{newFailure(v.Step)}}
	if v.retry {
		o.NextRetryDelay, o.Category = v.Delay, v.category()
	}
	return temporal.NewApplicationErrorWithOptions(v.Next.String()+": "+v.text+v.Err.Error(), v.Err.Class.String(), o)
}

// category keeps a limit of the vendor out of alerts: it is a part of normal operation.
func (v verdict) category() temporal.ApplicationErrorCategory {
	switch v.Err.Class {
	case apierrors.RateLimited, apierrors.QuotaExceeded, apierrors.Maintenance, apierrors.Canceled:
		return temporal.ApplicationErrorCategoryBenign
	default:
		return temporal.ApplicationErrorCategoryUnspecified
	}
}

// isTemporal reports whether err is one of Temporal already, which says what happens to the
// activity.
func isTemporal(err error) bool {
	_, isApplication := errors.AsType[*temporal.ApplicationError](err)
	return isApplication || temporal.IsCanceledError(err)
}
