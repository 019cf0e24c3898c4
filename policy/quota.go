package policy

import "time"

// A Quota is what a response says about a limit of the vendor. It is a hint: what makes no sense
// is to be left out.
type Quota struct {
	// Limit is the name of the limit. Empty means that the response does not name it, so it is
	// the account's own.
	Limit string

	// Size is how many requests, or points, the limit allows in a window. Zero means that the
	// response does not say it.
	Size int

	// Left is how many of them are left. Below zero, the response does not say it.
	Left int

	// Reset is the time until the window ends, and all of them are left again. Zero means that
	// the response does not say it.
	Reset time.Duration

	// IsGuess means that the unit of Reset is a guess.
	IsGuess bool

	// Spent is how many points the request took, in place of its cost; see Limit.Cost. Zero
	// means that the response does not say it.
	Spent int

	// Freed means that a slot is free again that an earlier request held; see Limit.Held. The
	// request of the response need not fall under the limit.
	Freed bool
}
