package apierrors

import "github.com/retrywise/retrywise/internal/enum"

// Applied says whether the vendor executed the requests of a failed call. The set is
// closed.
type Applied uint8

// The outcomes. The zero value, AppliedUnknown, means that the vendor may have executed
// the call; compare its state with yours before you repeat a write.
const (
	AppliedUnknown Applied = iota
	AppliedNo              // the vendor did not execute the call
	AppliedYes             // the vendor executed the call
)

var outcomes = enum.Set[Applied]{Kind: "applied", Names: []string{
	AppliedUnknown: "unknown",
	AppliedNo:      "no",
	AppliedYes:     "yes",
}}

// String returns "unknown", "no" or "yes".
func (a Applied) String() string { return outcomes.Text(a) }

// MarshalText returns the same text as String. It returns an error if a is not in the
// set.
func (a Applied) MarshalText() ([]byte, error) { return outcomes.Marshal(a) }

// UnmarshalText sets a to the outcome called text.
func (a *Applied) UnmarshalText(text []byte) error { return outcomes.Unmarshal(a, text) }
