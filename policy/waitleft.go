package policy

import (
	"math"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// WaitLeft returns the longest wait that still fits into a call, and why a longer one
// would not: StopDeadline if it would end at or after the caller's deadline, or
// StopMaxWait if it would exceed MaxWait, or outlast the call's idempotency key. The wait is
// negative if not even a retry without a wait fits.
func (p Policy) WaitLeft(s State) (time.Duration, apierrors.Stop) {
	beforeDeadline, withinMaxWait := p.waitsLeft(s)
	if s.KeyLeft != 0 {
		withinMaxWait = min(withinMaxWait, max(s.KeyLeft, 0)-1)
	}
	if beforeDeadline <= withinMaxWait {
		return beforeDeadline, apierrors.StopDeadline
	}
	return withinMaxWait, apierrors.StopMaxWait
}

// whyNotWait says why a wait does not fit into a call. It is StopNone if it does. A wait
// that cannot end in time is not begun.
func (p Policy) whyNotWait(wait time.Duration, s State) apierrors.Stop {
	beforeDeadline, withinMaxWait := p.waitsLeft(s)
	switch {
	case wait > beforeDeadline:
		return apierrors.StopDeadline
	case wait > withinMaxWait:
		return apierrors.StopMaxWait
	default:
		return apierrors.StopNone
	}
}

// waitsLeft returns the longest waits that each of the two bounds allows.
func (p Policy) waitsLeft(s State) (beforeDeadline, withinMaxWait time.Duration) {
	beforeDeadline = math.MaxInt64
	if s.Remaining != 0 {
		beforeDeadline = max(s.Remaining, 0) - 1
	}
	maxWait := s.MaxWait
	setDefault(&maxWait, p.bounds(Rule{}).MaxWait)
	return beforeDeadline, *maxWait - s.Waited
}
