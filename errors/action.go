package errors

// Action says what the client does about a failure. The set is closed; a policy
// chooses the action for each class, code or status.
type Action uint8

// The actions. ActionNone, the zero value, claims nothing.
const (
	ActionNone Action = iota
	Accept            // nothing to do: the wanted state holds
	Retry             // back off, send again
	Throttle          // pause every call on that limit, then send again
	Refresh           // renew the token once, send again
	Shrink            // ask for a smaller request, send that
	Defer             // do not wait here: the scheduler runs it at RetryAt
	Surface           // do not repeat: this record is at fault
	FailFast          // do not repeat: every call would fail
)

// actionNames is the text of each Action.
var actionNames = []string{
	ActionNone: "none",
	Accept:     "accept",
	Retry:      "retry",
	Throttle:   "throttle",
	Refresh:    "refresh",
	Shrink:     "shrink",
	Defer:      "defer",
	Surface:    "surface",
	FailFast:   "fail_fast",
}

// String returns the action's name, such as "fail_fast".
func (a Action) String() string { return textOf(actionNames, a, "action") }

// MarshalText returns the action's name; a value outside the set is an error.
func (a Action) MarshalText() ([]byte, error) { return marshalText(actionNames, a, "action") }

// UnmarshalText sets a to the action called text.
func (a *Action) UnmarshalText(text []byte) error {
	return unmarshalText(actionNames, a, text, "action")
}

// Known returns the name of every action, for a message about a wrong one.
func (a Action) Known() []string { return actionNames[1:] }
