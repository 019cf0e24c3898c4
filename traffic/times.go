package traffic

import "time"

// farthest is the longest time that is worked out: longer ones exceed what a Duration holds.
const farthest = 100 * 365 * 24 * time.Hour

// maxTime returns the latest of moments.
func maxTime(first time.Time, others ...time.Time) time.Time {
	for _, at := range others {
		if at.After(first) {
			first = at
		}
	}
	return first
}
