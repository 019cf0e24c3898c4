// Package apierrors defines the errors of API calls.
//
// A failed call returns an [*Error]. Its [Class] says what went wrong and who must act,
// its [Action] what the client did, its [Stop] why it was not retried, its [Applied]
// whether the vendor executed it, and its [Scope] which other calls it concerns.
//
//	if errors.Is(err, apierrors.Validation) { … }
//
//	switch apierrors.ClassOf(err) { // None for nil
//	case apierrors.None:
//	case apierrors.RateLimited:
//	}
//
//	if e, ok := errors.AsType[*apierrors.Error](err); ok { … e.Code, e.Fields … }
package apierrors
