package traffic

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

// A bucket is a rate, counted where the vendor counts it: when requests arrive. Two that
// leave 10 ms apart may arrive 2 ms apart. So a request that has left is in the air until
// its arrival is known, and counts as if it arrived at this moment.
type bucket struct {
	tokens *rate.Limiter // of the requests that were counted
	burst  int           // how many may arrive at once
	air    []flight      // the first to leave first
	last   time.Time     // the latest moment at which a request was counted
	trips  trips
}

// A flight is a request whose arrival was not counted yet.
type flight struct {
	place *place
	left  time.Time
	until time.Time // it is counted then, if no response has come
}

// fastest is the interval of requests below which one of a large burst is left to the vendor:
// its clock and ours do not agree to a token.
const fastest = time.Second

func newBucket(perSecond float64, burst int) *bucket {
	burst = max(burst, 1)
	if burst >= 3 && perSecond > 1/fastest.Seconds() {
		burst--
	}
	return &bucket{tokens: rate.NewLimiter(rate.Limit(perSecond), burst), burst: burst}
}

// interval returns the average time between two requests.
func (b *bucket) interval() time.Duration {
	return time.Duration(float64(time.Second) / float64(b.tokens.Limit()))
}

// readyAt returns when the next request may leave, if none arrives before. If that is up to
// one in the air, it is when this one is counted at the latest.
func (b *bucket) readyAt(now time.Time) time.Time {
	b.land(now)
	if len(b.air) >= b.burst {
		return b.air[0].until
	}
	return b.expected(now, 0)
}

// expected returns when a request may leave that has others ahead, if those in the air arrive
// now.
func (b *bucket) expected(now time.Time, ahead int) time.Time {
	missing := float64(len(b.air)+ahead+1) - b.tokens.TokensAt(now)
	if missing <= tiny {
		return now
	}
	return now.Add(time.Duration(math.Ceil(missing * float64(b.interval()))))
}

// tiny is less than any part of a token that matters.
const tiny = 1e-6

// depart notes that a request leaves.
func (b *bucket) depart(now time.Time, p *place) {
	b.air = append(b.air, flight{p, now, now.Add(b.patience())})
}

// patience is how long the arrival of a request is waited for. Without a burst, a mistake is
// a refusal, and so it is longer.
func (b *bucket) patience() time.Duration {
	switch interval := b.interval(); {
	case b.burst == 1:
		return 2 * interval
	case b.trips.count < 4:
		return interval
	default:
		return min(max(b.trips.spread(), time.Millisecond/2), interval)
	}
}

// arrive counts a request whose response came at a moment: it arrived about half a round trip
// before that, and certainly not before the shortest one.
func (b *bucket) arrive(p *place, now, answered time.Time) {
	i := b.indexOf(p)
	trip := answered.Sub(p.started)
	b.trips.add(trip)
	if i < 0 {
		return // it was counted
	}
	shortest := b.trips.shortest()
	guard := min(shortest, b.trips.spread()) / 2
	at := maxTime(p.started, answered.Add(guard-shortest))
	b.take(i)
	if at.After(now) {
		at = now
	}
	b.count(at)
}

// lose counts a request that has no response when it left: nobody knows whether it arrived.
func (b *bucket) lose(p *place) {
	if i := b.indexOf(p); i >= 0 {
		b.take(i)
		b.count(p.started)
	}
}

// forget takes back a request that was not sent.
func (b *bucket) forget(p *place) {
	if i := b.indexOf(p); i >= 0 {
		b.take(i)
	}
}

func (b *bucket) indexOf(p *place) int {
	for i, f := range b.air {
		if f.place == p {
			return i
		}
	}
	return -1
}

func (b *bucket) take(i int) { b.air = append(b.air[:i], b.air[i+1:]...) }

// land counts the requests that were waited for long enough.
func (b *bucket) land(now time.Time) {
	for len(b.air) > 0 && !b.air[0].until.After(now) {
		at := b.air[0].until
		b.take(0)
		b.count(at)
	}
}

// count takes a token at a moment, or as soon as requests are counted again.
func (b *bucket) count(at time.Time) {
	b.last = maxTime(b.last, at)
	b.tokens.ReserveN(b.last, 1)
}

// drain takes tokens until there are no more than so many.
func (b *bucket) drain(now time.Time, left float64) {
	b.land(now)
	now = maxTime(now, b.last)
	for b.tokens.TokensAt(now) > left+tiny {
		b.count(now)
	}
}

// refused empties the bucket, as the vendor's is. If requests follow each other quickly, it
// takes one token more: the next leaves after two intervals.
func (b *bucket) refused(now time.Time) {
	if b.interval() < marginalWait {
		b.drain(now, -1)
		return
	}
	b.drain(now, 0)
}

// setRate changes the rate. Who waits for a token then waits in proportion.
func (b *bucket) setRate(now time.Time, perSecond float64) {
	b.tokens.SetLimitAt(maxTime(now, b.last), rate.Limit(perSecond))
}

// setBurst changes how many requests may arrive at once.
func (b *bucket) setBurst(now time.Time, burst int) {
	b.burst = burst
	b.tokens.SetBurstAt(maxTime(now, b.last), burst)
}

// fullAt returns when the bucket is full if nothing leaves.
func (b *bucket) fullAt(now time.Time) time.Time {
	missing := float64(b.burst+len(b.air)) - b.tokens.TokensAt(now)
	return now.Add(time.Duration(missing * float64(b.interval())))
}

func maxTime(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// trips are the latest round trips of a limit's requests.
type trips struct {
	latest [32]time.Duration
	count  int // of all
}

func (t *trips) add(trip time.Duration) {
	t.latest[t.count%len(t.latest)] = trip
	t.count++
}

// shortest returns the shortest of the latest trips; 0 if there is none.
func (t *trips) shortest() time.Duration {
	if t.count == 0 {
		return 0
	}
	shortest := t.latest[0]
	for _, trip := range t.latest[:min(t.count, len(t.latest))] {
		shortest = min(shortest, trip)
	}
	return shortest
}

// spread returns how much longer the longest took. Few trips do not tell that.
func (t *trips) spread() time.Duration {
	shortest, longest := t.shortest(), time.Duration(0)
	for _, trip := range t.latest[:min(t.count, len(t.latest))] {
		longest = max(longest, trip)
	}
	spread := longest - shortest
	if t.count < 16 {
		spread = max(spread, shortest/5)
	}
	return max(spread, 0)
}
