package traffic

import (
	"math"
	"time"
)

// A ramping is the return from an outage: requests leave at a rate that doubles as long as they
// are served, up to what was usual before, and a quarter more, so that those that wait get away.
type ramping struct {
	reference float64 // per second, before the outage; 0: unknown
	crowd     int     // requests that may be under way
	rate      float64
	tokens    float64
	at        time.Time // of tokens
	began     time.Time

	stepAt      time.Time
	good, bad   int     // answers of the step
	share       float64 // of successes in the first step; 0: it is not over
	proved      float64 // the rate of the latest step that went well
	isCut       bool
	failures    int // in a row
	failedSince time.Time
	under       int
}

// Constants of a ramp.
const (
	shortStep  = 100 * time.Millisecond // at least, with stepAnswers
	longStep   = 500 * time.Millisecond // at most
	stepEnough = 20
	broken     = 12 // failures in a row, over brokenTime or more, that end a ramp
	brokenTime = 500 * time.Millisecond
	fullAfter  = 20 * time.Second // then the rate is what was usual, whatever is answered
)

func newRamping(now time.Time, reference float64, crowd int) ramping {
	r := ramping{reference: reference, crowd: crowd, at: now, began: now, stepAt: now, tokens: 1}
	if r.rate = max(reference/10, min(reference, 1)); reference == 0 {
		r.rate, r.crowd = 1, math.MaxInt
	}
	return r
}

// top is the highest rate: what was usual, a quarter more, and what failures cost.
func (r *ramping) top() float64 { return 1.25 * r.reference / max(r.share, 0.5) }

// count counts an answer.
func (r *ramping) count(isGood bool) {
	r.under = max(r.under-1, 0)
	if isGood {
		r.good++
		r.failures = 0
		return
	}
	r.bad++
	r.failures++
}

// isBroken reports whether the vendor fails again.
func (r *ramping) isBroken(now time.Time) bool {
	if r.failures == 1 {
		r.failedSince = now
	}
	return r.failures >= broken && now.Sub(r.failedSince) >= brokenTime
}

// step moves the rate, if the step is over.
func (r *ramping) step(now time.Time) {
	long, answers := now.Sub(r.stepAt), r.good+r.bad
	if long < shortStep || answers < stepEnough && long < longStep || answers == 0 {
		return
	}
	share := float64(r.good) / float64(answers)
	if r.share == 0 {
		r.share = max(share, 0.3)
	}
	switch {
	case share < 0.7*r.share:
		r.rate, r.isCut = max(r.proved, 1.1*float64(r.good)/long.Seconds()/r.share), true
	case r.isCut:
		r.proved, r.rate = r.rate, 1.25*r.rate
	default:
		r.proved, r.rate = r.rate, 2*r.rate
	}
	if least := r.reference * min(now.Sub(r.began).Seconds()/fullAfter.Seconds(), 1); r.rate < least {
		r.rate = least
	}
	if r.reference > 0 && r.rate >= r.reference {
		r.rate = r.top()
	}
	r.stepAt, r.good, r.bad = now, 0, 0
}

// readyAt returns when the next request may leave.
func (r *ramping) readyAt(now time.Time) time.Time {
	r.refill(now)
	switch {
	case r.under >= r.crowd:
		return now.Add(slowProbe) // or when one ends
	case r.tokens >= 1-tiny:
		return now
	default:
		return now.Add(time.Duration((1 - r.tokens) / r.rate * float64(time.Second)))
	}
}

// refill adds the tokens that came since the last time.
func (r *ramping) refill(now time.Time) {
	r.step(now)
	burst := max(1, r.rate*0.005)
	r.tokens = min(burst, r.tokens+now.Sub(r.at).Seconds()*r.rate)
	r.at = now
}

func (r *ramping) depart(now time.Time) {
	r.refill(now)
	r.tokens--
	r.under++
}

// isOver reports whether as much is sent as before the outage.
func (r *ramping) isOver(now time.Time) bool {
	r.step(now)
	return r.rate >= r.reference
}
