package errors

// Stop says why a call was not sent again. The set is closed.
type Stop uint8

// The reasons to stop. StopNone, the zero value, claims nothing.
const (
	StopNone      Stop = iota
	StopPermanent      // a repeat cannot help
	StopAttempts       // the attempts are used up
	StopElapsed        // the time for trying is used up
	StopBudget         // the retry budget shared by all calls is used up
	StopDeadline       // the next wait would end after the caller's deadline
	StopWait           // the next wait does not fit into MaxWait
	StopUnsafe         // the write may have been executed, and a repeat is not known to be safe
	StopBody           // the request body can be read only once
	StopHeld           // calls to this vendor are held back during an outage
	StopCanceled       // the caller gave up
)

// stopNames is the name of each Stop; stopSentences says the same to a person.
var (
	stopNames = []string{
		StopNone:      "none",
		StopPermanent: "permanent",
		StopAttempts:  "attempts",
		StopElapsed:   "elapsed",
		StopBudget:    "budget",
		StopDeadline:  "deadline",
		StopWait:      "wait",
		StopUnsafe:    "unsafe",
		StopBody:      "body",
		StopHeld:      "held",
		StopCanceled:  "canceled",
	}
	stopSentences = []string{
		StopNone:      "",
		StopPermanent: "a repeat cannot help",
		StopAttempts:  "attempts used up",
		StopElapsed:   "time for trying used up",
		StopBudget:    "retry budget of this client used up",
		StopDeadline:  "the wait would end after the caller's deadline",
		StopWait:      "the wait is longer than allowed",
		StopUnsafe:    "not repeated, as it may have been applied",
		StopBody:      "the request body can be sent only once",
		StopHeld:      "calls are held back while the vendor is down",
		StopCanceled:  "the caller gave up",
	}
)

// String returns the reason's name, such as "attempts".
func (s Stop) String() string { return textOf(stopNames, s, "stop") }

// Sentence returns the reason for a person, such as "attempts used up"; empty for StopNone.
func (s Stop) Sentence() string { return textOf(stopSentences, s, "stop") }

// MarshalText returns the reason's name; a value outside the set is an error.
func (s Stop) MarshalText() ([]byte, error) { return marshalText(stopNames, s, "stop") }

// UnmarshalText sets s to the reason called text.
func (s *Stop) UnmarshalText(text []byte) error { return unmarshalText(stopNames, s, text, "stop") }
