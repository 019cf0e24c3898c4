package main

import (
	"errors"

	apierrors "github.com/retrywise/retrywise/errors"
)

// An outcome is a record after its runs. Err is nil if the record was delivered.
type outcome struct {
	Step string
	record
	Runs    int
	InDoubt bool // an earlier run may have been applied; Err says nothing about that run
	Err     error
}

// A result is an outcome in one word.
type result string

// The results.
const (
	delivered result = "delivered" // the vendor has the record, or the job has what it asked for
	surfaced  result = "surfaced"  // the vendor refused the record: a person has to correct it
	deferred  result = "deferred"  // it is known when to run the record again
	failed    result = "failed"    // any other failure: run the record again, or look into it
)

// result returns what a scheduler needs to know.
func (o outcome) result() result {
	e, ok := errors.AsType[*apierrors.Error](o.Err)
	switch {
	case o.Err == nil:
		return delivered
	case ok && e.Action == apierrors.Surface:
		return surfaced
	case ok && !e.RetryAt.IsZero():
		return deferred
	default:
		return failed
	}
}

// applied says whether the vendor executed a record that was not delivered, in any of its
// runs.
func (o outcome) applied() apierrors.Applied {
	e, ok := errors.AsType[*apierrors.Error](o.Err)
	if !ok || (o.InDoubt && e.Applied == apierrors.AppliedNo) {
		return apierrors.AppliedUnknown
	}
	return e.Applied
}

// unlessExecuted returns the error of a write, or nil if it says that the vendor executed the write
// all the same: its response broke off, or only a look-up found it.
func unlessExecuted(err error) error {
	if e, ok := errors.AsType[*apierrors.Error](err); ok && e.Applied == apierrors.AppliedYes {
		return nil
	}
	return err
}

// isInDoubt reports whether a failed write may have been executed.
func isInDoubt(err error) bool {
	e, ok := errors.AsType[*apierrors.Error](err)
	return ok && e.Applied != apierrors.AppliedNo
}
