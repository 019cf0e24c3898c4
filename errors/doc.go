// Package errors holds the nouns of a failed call: its [Class] (what went wrong,
// and so who must act), the [Action] taken, why it ended ([Stop]), whether the
// write was executed ([Applied]), whom it concerns ([Scope]), and the one [Error]
// that a caller sees.
//
// Import it as apierrors, so that the word errors keeps meaning the standard
// library:
//
//	import apierrors "github.com/retrywise/retrywise/errors"
//
//	if errors.Is(err, apierrors.Validation) { … }
//
//	switch apierrors.ClassOf(err) { // None for nil
//	case apierrors.None:
//	case apierrors.RateLimited:
//	}
//
//	if e, ok := errors.AsType[*apierrors.Error](err); ok { … e.Code, e.Fields … }
//
// The package decides nothing and imports the standard library only.
package errors
