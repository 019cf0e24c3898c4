package apierrors

import "github.com/retrywise/retrywise/internal/enum"

// Action is what a client does about a failure. The set is closed. A policy chooses the
// action by code, status or class.
type Action uint8

// The actions. The zero value, ActionNone, means that none was chosen.
const (
	ActionNone Action = iota
	Accept            // treat the failure as a success: the wanted state already holds
	Retry             // back off and retry
	Throttle          // pause every call under the same limit, then retry
	Refresh           // renew the access token once, then retry
	Shrink            // retry with a smaller request
	Defer             // return the error with RetryAt, for a scheduler
	Surface           // return the error: this record is at fault
	FailFast          // return the error: every call would fail, so the job should stop
)

var actions = enum.Set[Action]{Kind: "action", Names: []string{
	ActionNone: enum.None,
	Accept:     "accept",
	Retry:      "retry",
	Throttle:   "throttle",
	Refresh:    "refresh",
	Shrink:     "shrink",
	Defer:      "defer",
	Surface:    "surface",
	FailFast:   "fail_fast",
}}

// String returns the name of a, such as "fail_fast".
func (a Action) String() string { return actions.Text(a) }

// MarshalText returns the name of a. It returns an error if a is not in the set.
func (a Action) MarshalText() ([]byte, error) { return actions.Marshal(a) }

// UnmarshalText sets a to the action called text.
func (a *Action) UnmarshalText(text []byte) error { return actions.Unmarshal(a, text) }
