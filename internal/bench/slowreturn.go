package main

import "time"

// A slowReturn admits a share of a rate that grows from a fifth to all of it, in steps of
// 100 ms. Of what is not used, no more than 20 ms can be made up for.
type slowReturn struct {
	*bucket
	takes time.Duration

	served int
	first  time.Duration // when the first request was admitted, from the start
}

// newSlowReturn returns one that begins at start with what it can hold.
func newSlowReturn(perSecond float64, takes time.Duration, start time.Time) *slowReturn {
	const step, least = 100 * time.Millisecond, 0.2
	b := &bucket{burst: max(1, int(perSecond/50)), start: start}
	for from := time.Duration(0); from < takes; from += step {
		share := least + (1-least)*float64(from+step/2)/float64(takes)
		b.phases = append(b.phases, phase{from: from, perSecond: int(share * perSecond)})
	}
	return &slowReturn{bucket: b, takes: takes}
}

func (s *slowReturn) admit(now time.Time) bool {
	if !s.bucket.admit(now, "") {
		return false
	}
	if s.served == 0 {
		s.first = now.Sub(s.start)
	}
	s.served++
	return true
}

// share returns how much was served of what was allowed from the first request on. What the
// bucket held then can make it a little more than 1.
func (s *slowReturn) share() float64 {
	return float64(s.served) / max(s.allowed(s.takes)-s.allowed(s.first), 1)
}
