package main

import (
	"slices"
	"time"
)

// A bucket is a token bucket, which starts full at its first request. A request takes a token.
type bucket struct {
	burst  int
	phases []phase

	start time.Time
	taken int64 // in nanotokens, with what flowed over
}

// A phase is a rate that holds from a time after the start until the next phase begins.
type phase struct {
	from      time.Duration
	perSecond int
}

// nanotokens are the unit in which a rate per second and nanoseconds make whole numbers.
const nanotokens = int64(time.Second)

// newBucket returns a bucket with one rate.
func newBucket(perSecond, burst int) *bucket {
	return &bucket{burst: burst, phases: []phase{{perSecond: perSecond}}}
}

func (b *bucket) admit(now time.Time, _ string) bool {
	if b.start.IsZero() {
		b.start = now
	}
	made := b.made(now.Sub(b.start))
	b.taken = max(b.taken, made-int64(b.burst)*nanotokens) // the bucket holds no more than burst
	if made-b.taken < nanotokens {
		return false
	}
	b.taken += nanotokens
	return true
}

func (b *bucket) allowed(d time.Duration) float64 {
	return float64(b.made(d)) / float64(nanotokens)
}

// made returns how many nanotokens there were by d after the start: the first burst, and
// those that were added.
func (b *bucket) made(d time.Duration) int64 {
	made := int64(b.burst) * nanotokens
	for _, p := range slices.Backward(b.phases) {
		if d > p.from {
			made += int64(d-p.from) * int64(p.perSecond)
			d = p.from
		}
	}
	return made
}
