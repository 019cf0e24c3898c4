package retrywiseasynq

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/retrywise/retrywise/jobs"
)

// An ending is what asynq gets from a task that is not done. asynq stores its text, which is
// that of the *apierrors.Error without what the handler wrapped around it.
type ending struct {
	jobs.Step
	again bool // asynq runs the task again: its call or, if Next is LookUp, its look-up
	err   error
}

// newEnding returns the ending of a task whose handler returned err.
func newEnding(step jobs.Step, err error) *ending {
	return &ending{Step: step, again: step.Next == jobs.RunAgain, err: err}
}

// Error returns the text that asynq's UI shows.
func (e *ending) Error() string {
	if e.Err == nil && e.Next == jobs.RunAgain {
		return e.reason() // the handler's own
	}
	return e.Next.String() + ": " + e.reason()
}

func (e *ending) reason() string {
	if e.Err == nil {
		return e.err.Error()
	}
	return e.Err.Error()
}

// Unwrap returns the error of the handler and, if asynq archives the task, SkipRetry.
func (e *ending) Unwrap() []error {
	if e.again {
		return []error{e.err}
	}
	return []error{e.err, asynq.SkipRetry}
}

// isFailure reports whether a task uses up an attempt by err.
func isFailure(err error, otherwise func(error) bool) bool {
	if e, ok := errors.AsType[*ending](err); ok && e.Delay > 0 {
		return false
	}
	// asynq itself found that the context was canceled: the error of a handler is an ending.
	return err != context.Canceled && otherwise(err) //nolint:errorlint // one that wraps it is another
}

// retryDelay returns how long after now asynq runs the task again; 0: err does not say. asynq cuts
// off the fraction of the second at which it does, which must not make it earlier.
func retryDelay(err error, now time.Time) time.Duration {
	e, ok := errors.AsType[*ending](err)
	if !ok || e.Delay <= 0 {
		return 0
	}
	return now.Add(e.Delay + time.Second - 1).Truncate(time.Second).Sub(now)
}

// isDecided reports whether the handler has said what to do with the task.
func isDecided(err error) bool {
	return errors.Is(err, asynq.SkipRetry) || errors.Is(err, asynq.RevokeTask)
}

// StepOf returns what is done with a task whose error an asynq.ErrorHandler gets: tell somebody, if
// it is jobs.Stop. It returns false if no Adapter has made the error.
func StepOf(err error) (jobs.Step, bool) {
	e, ok := errors.AsType[*ending](err)
	if !ok {
		return jobs.Step{}, false
	}
	return e.Step, true
}

// NextOf returns why a task was archived, from the text that asynq keeps: it may have been executed
// (jobs.LookUp), its record is at fault (jobs.SetAside), or it was stopped (jobs.Stop). It returns
// false for every other task.
func NextOf(t *asynq.TaskInfo) (jobs.Next, bool) {
	var next jobs.Next
	name, _, _ := strings.Cut(t.LastErr, ": ")
	if t.State != asynq.TaskStateArchived || next.UnmarshalText([]byte(name)) != nil {
		return 0, false
	}
	return next, next >= jobs.LookUp
}
