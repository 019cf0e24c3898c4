package policy

import (
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/enum"
)

// An Outcome is what the attempts of a call so far show about whether the vendor has executed
// it. The set is closed.
type Outcome uint8

// The outcomes. The zero value, NotApplied, is also that of a call without attempts.
const (
	NotApplied Outcome = iota // no attempt was executed
	InDoubt                   // an attempt may have been executed
	Applied                   // an attempt was executed
)

var outcomeNames = enum.Set[Outcome]{Kind: "outcome", Names: []string{
	NotApplied: "not applied",
	InDoubt:    "in doubt",
	Applied:    "applied",
}}

// String returns "not applied", "in doubt" or "applied".
func (o Outcome) String() string { return outcomeNames.Text(o) }

// outcomes is the outcome after an attempt: by the outcome before it, and by what the
// attempt itself shows. What was executed stays executed, and no later refusal proves that
// an attempt without a response was not. docs/outcomes.md is made of it.
var outcomes = [...][3]Outcome{
	NotApplied: {apierrors.AppliedNo: NotApplied, apierrors.AppliedUnknown: InDoubt, apierrors.AppliedYes: Applied},
	InDoubt:    {apierrors.AppliedNo: InDoubt, apierrors.AppliedUnknown: InDoubt, apierrors.AppliedYes: Applied},
	Applied:    {apierrors.AppliedNo: Applied, apierrors.AppliedUnknown: Applied, apierrors.AppliedYes: Applied},
}

// After returns the outcome after one more attempt, of which shown is known. An attempt that
// was not sent shows AppliedNo, and a success AppliedYes. A value that is not in its set
// counts as InDoubt or AppliedUnknown.
func (o Outcome) After(shown apierrors.Applied) Outcome {
	if int(o) >= len(outcomes) {
		o = InDoubt
	}
	if int(shown) >= len(outcomes[o]) {
		shown = apierrors.AppliedUnknown
	}
	return outcomes[o][shown]
}

// Applied returns what an error says of a call that ends with the outcome.
func (o Outcome) Applied() apierrors.Applied {
	switch o {
	case NotApplied:
		return apierrors.AppliedNo
	case Applied:
		return apierrors.AppliedYes
	default:
		return apierrors.AppliedUnknown
	}
}
