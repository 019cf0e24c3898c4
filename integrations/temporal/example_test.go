package retrywisetemporal_test

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"

	apierrors "github.com/retrywise/retrywise/errors"
	retrywisetemporal "github.com/retrywise/retrywise/integrations/temporal"
	"github.com/retrywise/retrywise/jobs"
)

// The error of a call says what Temporal does with its activity.
func Example() {
	for _, err := range []*apierrors.Error{
		{Vendor: "connectif", Class: apierrors.ServerError, Status: 503, Action: apierrors.Retry, Applied: apierrors.AppliedNo},
		{Vendor: "connectif", Class: apierrors.Validation, Status: 422, Action: apierrors.Surface, Applied: apierrors.AppliedNo},
		{Vendor: "connectif", Class: apierrors.Timeout, Status: 504, Action: apierrors.Retry},
		{Vendor: "connectif", Class: apierrors.Authentication, Status: 401, Action: apierrors.FailFast, Applied: apierrors.AppliedNo},
	} {
		e, _ := errors.AsType[*temporal.ApplicationError](retrywisetemporal.Error(err, jobs.Options{}))
		fmt.Printf("%s, retried: %v\n", e.Message(), !e.NonRetryable())
	}
	// Output:
	// run_again: connectif: server_error (503), retried: true
	// set_aside: connectif: validation (422), retried: false
	// look_up: connectif: timeout (504), retried: false
	// stop: connectif: authentication (401), retried: false
}
