package main

import (
	"slices"
	"time"
)

// Slots bound how many requests are executed at once. Each takes the same time, from its
// arrival.
type slots struct {
	count int
	work  time.Duration

	ends []time.Time // of the requests that are being executed
}

func (s *slots) admit(now time.Time, _ string) bool {
	s.ends = slices.DeleteFunc(s.ends, func(end time.Time) bool { return !end.After(now) })
	if len(s.ends) >= s.count {
		return false
	}
	s.ends = append(s.ends, now.Add(s.work))
	return true
}

// allowed counts the calls that are complete, and not those that are being executed.
func (s *slots) allowed(d time.Duration) float64 {
	return float64(s.count) * float64(d) / float64(s.work)
}
