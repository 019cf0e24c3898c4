package main

import (
	"math"
	"sort"
	"time"
)

// A limit is what a vendor enforces, counted when a request arrives. The time is an argument,
// and does not go back. A limit is not safe for concurrent use.
type limit interface {
	// admit counts a request about a record that arrives at now, and reports whether it is
	// accepted. A request that is refused uses up nothing.
	admit(now time.Time, record string) bool

	// allowed returns how many calls a job can complete in its first d, if nothing but the
	// limit holds it back: what is free at the start, and the rate times d. It is not
	// rounded, so that a job that ends within a window, say, is judged by its pace.
	allowed(d time.Duration) float64
}

// ideal returns the shortest time in which l allows n calls.
func ideal(l limit, n int) time.Duration {
	const longest = 24 * time.Hour
	return time.Duration(sort.Search(int(longest), func(d int) bool {
		return l.allowed(time.Duration(d)) >= float64(n)
	}))
}

// noLimit accepts every request.
type noLimit struct{}

func (noLimit) admit(time.Time, string) bool  { return true }
func (noLimit) allowed(time.Duration) float64 { return math.Inf(1) }
