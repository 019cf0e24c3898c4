package apierrors

import "github.com/retrywise/retrywise/internal/enum"

// Stop says why a failed call was not retried. The set is closed.
type Stop uint8

// The reasons. The zero value, StopNone, means that the call was retried, or that its
// failure was accepted.
const (
	StopNone      Stop = iota
	StopPermanent      // a retry cannot help
	StopAttempts       // Retry.MaxAttempts was reached
	StopElapsed        // Retry.MaxElapsed was reached
	StopBudget         // the retry budget that calls share is used up
	StopDeadline       // the caller's deadline has passed, or would pass during the next wait
	StopMaxWait        // the call was deferred, or the next wait would exceed Retry.MaxWait
	StopUnsafe         // the write may have been executed, and repeating it is not known to be safe
	StopBodySpent      // the request body can be read only once
	StopHeld           // calls are held back during an outage
	StopCanceled       // the caller canceled the call
)

// stops has the name of each reason; sentences explains it to a person.
var (
	stops = enum.Set[Stop]{Kind: "stop", Names: []string{
		StopNone:      enum.None,
		StopPermanent: "permanent",
		StopAttempts:  "attempts",
		StopElapsed:   "elapsed",
		StopBudget:    "budget",
		StopDeadline:  "deadline",
		StopMaxWait:   "max_wait",
		StopUnsafe:    "unsafe",
		StopBodySpent: "body_spent",
		StopHeld:      "held",
		StopCanceled:  "canceled",
	}}
	sentences = enum.Set[Stop]{Kind: "stop", Names: []string{
		StopNone:      "",
		StopPermanent: "a retry cannot help",
		StopAttempts:  "no attempts left",
		StopElapsed:   "no time left to retry",
		StopBudget:    "the retry budget is used up",
		StopDeadline:  "the caller's deadline leaves no time",
		StopMaxWait:   "the wait is longer than allowed",
		StopUnsafe:    "not retried, as a repeat is not known to be safe",
		StopBodySpent: "the request body can be read only once",
		StopHeld:      "calls are held back while the vendor is down",
		StopCanceled:  "the caller canceled the call",
	}}
)

// String returns the name of s, such as "attempts".
func (s Stop) String() string { return stops.Text(s) }

// Sentence returns the reason for a person, such as "no attempts left". It returns ""
// for StopNone.
func (s Stop) Sentence() string { return sentences.Text(s) }

// MarshalText returns the name of s. It returns an error if s is not in the set.
func (s Stop) MarshalText() ([]byte, error) { return stops.Marshal(s) }

// UnmarshalText sets s to the reason called text.
func (s *Stop) UnmarshalText(text []byte) error { return stops.Unmarshal(s, text) }
