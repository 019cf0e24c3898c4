package retrywisedbos

import (
	"encoding/gob"
	"errors"
	"strings"

	"github.com/retrywise/retrywise/jobs"
)

// An Error is why a workflow ended without its call. DBOS stores and shows it as the result of the
// workflow. Its text is "retrywise: ", the name of Next, and Reason.
type Error struct {
	// Next is what to do with the job.
	//
	//   - jobs.LookUp: find out whether the vendor executed the call, and then rewind or complete
	//     the job by hand.
	//   - jobs.SetAside: mend the record.
	//   - jobs.Stop: act, such as with a new credential; every call would fail.
	//   - jobs.RunAgain: the retries of the step are used up. The call was not executed, or it may be
	//     repeated.
	Next jobs.Next

	// Reason says what happened. It has neither a credential nor personal data if the failure is
	// one of a client.
	Reason string
}

// DBOS stores an error of a type that is registered as it is, and the text of any other one.
func init() { gob.RegisterName("retrywisedbos.Error", &Error{}) } //nolint:gochecknoinits // gob has no other way

// Error implements error.
func (e *Error) Error() string { return prefix + e.Next.String() + separator + e.Reason }

const (
	prefix    = "retrywise: "
	separator = ": "
)

// NextOf returns the Next of the [Error] in err, such as the result of a workflow or the text of an
// error that wraps one. It reports whether there is one.
func NextOf(err error) (next jobs.Next, ok bool) {
	if err == nil {
		return 0, false
	}
	if e, isError := errors.AsType[*Error](err); isError {
		return e.Next, true
	}
	_, text, _ := strings.Cut(err.Error(), prefix)
	name, _, _ := strings.Cut(text, separator)
	return next, next.UnmarshalText([]byte(name)) == nil
}

// Retryable reports whether DBOS may retry a step that failed with err: nobody says when, and the
// vendor did not execute the call, or it may be repeated. It is for steps without [Run]:
//
//	dbos.RunAsStep(ctx, read, dbos.WithStepMaxRetries(5), dbos.WithStepRetryPredicate(retrywisedbos.Retryable))
func Retryable(err error) bool {
	step := jobs.After(err, jobs.Options{})
	return step.Next == jobs.RunAgain && step.Delay == 0
}
