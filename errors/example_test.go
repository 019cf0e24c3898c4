package apierrors_test

import (
	"errors"
	"fmt"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A worker switches on the class, which says who must act.
func Example() {
	err := fmt.Errorf("contact 42: %w", &apierrors.Error{
		Vendor: "rdstation", Op: "contacts.upsert", Class: apierrors.Validation, Status: 400, Code: "CANNOT_BE_BLANK",
		Summary: "Can not be blank", Fields: []apierrors.Field{{Path: "name", Code: "CANNOT_BE_BLANK"}},
	})

	switch apierrors.ClassOf(err) {
	case apierrors.None:
		fmt.Println("delivered")
	case apierrors.Validation:
		e, _ := errors.AsType[*apierrors.Error](err)
		fmt.Println("dead letter:", e.Code, e.Fields[0].Path)
	default:
		fmt.Println("stop the job:", err)
	}
	// Output:
	// dead letter: CANNOT_BE_BLANK name
}

// A deferred call says when to run it again.
func ExampleRetryAt() {
	err := &apierrors.Error{
		Vendor: "rdstation", Class: apierrors.RateLimited, Action: apierrors.Defer, Stop: apierrors.StopMaxWait,
		RetryAt: time.Date(2026, 11, 22, 19, 50, 45, 0, time.UTC),
	}
	if at, ok := apierrors.RetryAt(err); ok {
		fmt.Println("run again at", at.Format(time.TimeOnly))
	}
	// Output:
	// run again at 19:50:45
}
