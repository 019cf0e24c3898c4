package main

import (
	"context"
	"errors"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A client does not repeat a write that may have been done: it says so, and only the
// vendor's records can tell. These are how often the job writes in such a case, and how
// long it waits before it looks, as the write may still be under way.
const (
	maxWrites = 5
	settling  = 500 * time.Millisecond
)

// once makes a write happen, and no more than once. If its outcome is in doubt, isThere
// tells whether the vendor has it; only if not, it is written again.
func once(ctx context.Context, write func(context.Context) error, isThere func(context.Context) (bool, error)) error {
	var err error
	for range maxWrites {
		if err = write(ctx); !isInDoubt(err) {
			return err
		}
		if stopped := sleep(ctx, settling); stopped != nil {
			return errors.Join(err, stopped)
		}
		done, unseen := isThere(ctx)
		switch {
		case unseen != nil:
			return errors.Join(err, unseen) // still in doubt
		case done:
			return nil
		}
	}
	return err
}

// isInDoubt reports whether a failed write may have been done. It is a matter of Applied
// alone: Stop says StopUnsafe in most of these cases, but not when the vendor refused
// the write without saying whether it began.
func isInDoubt(err error) bool {
	e, ok := errors.AsType[*apierrors.Error](err)
	return ok && e.Applied != apierrors.AppliedNo
}

// sleep waits, or tells why the wait ended early.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
