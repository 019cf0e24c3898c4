package main

import (
	"context"
	"errors"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A client does not retry a write that may have been executed. The caller has to look it
// up first.
const (
	maxWrites   = 5                      // the write and its retries
	lookupDelay = 500 * time.Millisecond // before a lookup, as the write may still be running
)

// writeOnce executes a write, and not more than once. If it is in doubt whether the write
// was executed, isThere looks it up. The write is retried only if it is not there.
func writeOnce(ctx context.Context, write func(context.Context) error, isThere func(context.Context) (bool, error)) error {
	var err error
	for range maxWrites {
		if err = write(ctx); !isInDoubt(err) {
			return err
		}
		if stopped := sleep(ctx, lookupDelay); stopped != nil {
			return errors.Join(err, stopped)
		}
		there, lookupErr := isThere(ctx)
		switch {
		case lookupErr != nil:
			return errors.Join(err, lookupErr) // still in doubt
		case there:
			return nil
		}
	}
	return err
}

// isInDoubt reports whether a failed write may have been executed. Applied says so in all
// cases. Stop does not: it is not StopUnsafe if the vendor refused the write without saying
// whether it had begun.
func isInDoubt(err error) bool {
	e, ok := errors.AsType[*apierrors.Error](err)
	return ok && e.Applied != apierrors.AppliedNo
}
