package jobs_test

import (
	"fmt"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/jobs"
)

// The error of a call says what to do with its job.
func Example() {
	for _, err := range []error{
		nil,
		&apierrors.Error{Class: apierrors.Validation, Action: apierrors.Surface, Applied: apierrors.AppliedNo},
		&apierrors.Error{Class: apierrors.Timeout, Action: apierrors.Retry}, // the vendor may have executed it
		&apierrors.Error{Class: apierrors.QuotaExceeded, Action: apierrors.Defer, Applied: apierrors.AppliedNo, RetryAt: time.Now().Add(6 * time.Hour)},
	} {
		step := jobs.After(err, jobs.Options{})
		fmt.Println(step.Next, step.Delay.Round(time.Hour))
	}
	// Output:
	// done 0s
	// set_aside 0s
	// look_up 0s
	// run_again 6h0m0s
}
