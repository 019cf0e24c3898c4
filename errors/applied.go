package errors

// Applied says whether the vendor executed a failed call. The set is closed.
type Applied uint8

// AppliedUnknown, the zero value, claims nothing: reconcile before a repeat.
const (
	AppliedUnknown Applied = iota
	AppliedNo              // the vendor did not execute it
	AppliedYes             // the vendor executed it
)

// appliedNames is the text of each Applied.
var appliedNames = []string{
	AppliedUnknown: "unknown",
	AppliedNo:      "no",
	AppliedYes:     "yes",
}

// String returns "unknown", "no" or "yes".
func (a Applied) String() string { return textOf(appliedNames, a, "applied") }

// MarshalText returns the same as String; a value outside the set is an error.
func (a Applied) MarshalText() ([]byte, error) { return marshalText(appliedNames, a, "applied") }

// UnmarshalText sets a to the member called text.
func (a *Applied) UnmarshalText(text []byte) error {
	return unmarshalText(appliedNames, a, text, "applied")
}

// Known returns the text of every member, for a message about a wrong one.
func (a Applied) Known() []string { return appliedNames }
