package apierrors_test

import (
	"fmt"

	apierrors "github.com/retrywise/retrywise/errors"
)

// Whether the same call may simply be run again later.
func ExampleTemporary() {
	for _, err := range []error{
		&apierrors.Error{Class: apierrors.ServerError, Action: apierrors.Retry, Stop: apierrors.StopAttempts},
		&apierrors.Error{Class: apierrors.ServerError, Action: apierrors.Retry, Stop: apierrors.StopUnsafe},
		&apierrors.Error{Class: apierrors.Validation, Action: apierrors.Surface, Stop: apierrors.StopPermanent},
	} {
		fmt.Println(apierrors.Temporary(err), "-", err)
	}
	// Output:
	// true - server_error; no attempts left
	// false - server_error; not retried, as a repeat is not known to be safe; applied: unknown
	// false - validation
}

// Error is for logs, and Detail for a person who looks into one failure: it has the
// vendor's words and the record's data.
func ExampleError_Detail() {
	err := &apierrors.Error{
		Vendor: "rdstation", Op: "contacts.upsert", Class: apierrors.Validation, Status: 400, Code: "INVALID_FORMAT",
		Fields: []apierrors.Field{{Path: "email", Code: "INVALID_FORMAT", Message: "ana@ is not an address"}},
		Body:   []byte(`{"errors":{"email":[…]}}`),
	}
	fmt.Println(err)
	fmt.Print(err.Detail())
	// Output:
	// rdstation contacts.upsert: validation (400 INVALID_FORMAT); fields email
	// rdstation contacts.upsert: validation (400 INVALID_FORMAT); fields email
	// field email: INVALID_FORMAT ana@ is not an address
	// body: {"errors":{"email":[…]}}
}
