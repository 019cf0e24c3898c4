package enginetest

import (
	"sync"
	"time"
)

// Starts are the times at which jobs started. The zero value has none. It is safe for concurrent use.
type Starts struct {
	mu sync.Mutex
	at []time.Time
}

// Add notes that a job starts now.
func (s *Starts) Add() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = append(s.at, time.Now())
}

// Between returns how many jobs started from one time on and before another.
func (s *Starts) Between(from, to time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, at := range s.at {
		if !at.Before(from) && at.Before(to) {
			n++
		}
	}
	return n
}

// PerSecond returns how many jobs started in each second from one time to another.
func (s *Starts) PerSecond(from, to time.Time) []int {
	var counts []int
	for ; from.Before(to); from = from.Add(time.Second) {
		counts = append(counts, s.Between(from, from.Add(time.Second)))
	}
	return counts
}
