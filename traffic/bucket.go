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
	flying int           // tokens of those in the air
	credit int           // tokens that were counted, and then found not to be taken
	last   time.Time     // the latest moment at which a request was counted
	trips  trips
}

// A flight is a request whose arrival was not counted yet.
type flight struct {
	place *place
	n     int       // tokens
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

// readyAt returns when a request of n tokens may leave, if none arrives before. If that is up to
// one in the air, it is when this one is counted at the latest. A request that is larger than
// the bucket waits until that is full.
func (b *bucket) readyAt(now time.Time, n int) time.Time {
	b.land(now)
	if n = min(n, b.burst); b.flying+n > b.burst {
		return b.air[0].until
	}
	return b.expected(now, n)
}

// expected returns when a request may leave that makes n tokens, with those that go before, if
// those in the air arrive now.
func (b *bucket) expected(now time.Time, n int) time.Time {
	missing := float64(b.flying+n-b.credit) - b.tokens.TokensAt(now)
	if missing <= tiny {
		return now
	}
	return now.Add(time.Duration(min(math.Ceil(missing*float64(b.interval())), float64(farthest))))
}

// used returns how many tokens of the burst are missing.
func (b *bucket) used(now time.Time) int {
	b.land(now)
	left := b.tokens.TokensAt(now) + float64(b.credit-b.flying)
	return b.burst - int(math.Floor(left+tiny))
}

// tiny is less than any part of a token that matters.
const tiny = 1e-6

// depart notes that a request of n tokens leaves.
func (b *bucket) depart(now time.Time, p *place, n int) {
	n = min(n, b.burst)
	b.air = append(b.air, flight{p, n, now.Add(b.patience())})
	b.flying += n
}

// isSlow reports whether the burst bridges a round trip. Then it costs nothing to count a request
// when its response comes, and it is certain to have arrived.
func (b *bucket) isSlow() bool { return b.burst > 1 && b.interval() >= fastest }

// patience is how long the arrival of a request is waited for. Without a burst, a mistake is
// a refusal, and so it is longer.
func (b *bucket) patience() time.Duration {
	switch interval := b.interval(); {
	case b.burst == 1:
		return 2 * interval
	case b.trips.count < 4, b.isSlow():
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
	at := maxTime(p.started, answered.Add(b.guard(shortest)-shortest))
	if at.After(now) {
		at = now
	}
	b.count(at, b.take(i))
}

// guard is how much later than by the shortest round trip a request is taken to have arrived. A
// burst bridges a large one; without a burst, each part of it is lost.
func (b *bucket) guard(shortest time.Duration) time.Duration {
	switch spread := min(shortest, b.trips.spread()); {
	case b.isSlow():
		return shortest
	case b.burst == 1:
		return spread / 4
	default:
		return spread / 2
	}
}

// end takes up how a request ended.
func (b *bucket) end(now time.Time, p *place, r Report) {
	switch {
	case r.Unsent:
		b.forget(p)
	case r.Answered.IsZero():
		b.lose(p)
	default:
		b.arrive(p, now, r.Answered)
	}
}

// lose counts a request that has no response when it left: nobody knows whether it arrived.
func (b *bucket) lose(p *place) {
	if i := b.indexOf(p); i >= 0 {
		b.count(p.started, b.take(i))
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

// take takes a request out of the air, and returns its tokens.
func (b *bucket) take(i int) (n int) {
	n = b.air[i].n
	b.air = append(b.air[:i], b.air[i+1:]...)
	b.flying -= n
	return n
}

// land counts the requests that were waited for long enough.
func (b *bucket) land(now time.Time) {
	for len(b.air) > 0 && !b.air[0].until.After(now) {
		at := b.air[0].until
		b.count(at, b.take(0))
	}
	if b.credit > 0 { // the tokens that came meanwhile are the ones that were given back
		room := float64(b.burst) - b.tokens.TokensAt(maxTime(now, b.last))
		b.credit = min(b.credit, int(room))
	}
}

// count takes n tokens at a moment, or as soon as requests are counted again.
func (b *bucket) count(at time.Time, n int) {
	b.last = maxTime(b.last, at)
	saved := min(b.credit, n)
	b.credit -= saved
	b.tokens.ReserveN(b.last, min(n-saved, b.tokens.Burst()))
}

// correct takes so many tokens more than were counted, a full bucket at most, or gives them back.
func (b *bucket) correct(now time.Time, more int) {
	if more > 0 {
		b.count(now, min(more, b.burst))
		return
	}
	b.land(now) // or those that land now would be given back, too
	b.setLeft(now, int(b.tokens.TokensAt(maxTime(now, b.last)))+b.credit-more)
}

// setLeft takes from the vendor how many tokens are left.
func (b *bucket) setLeft(now time.Time, left int) {
	b.land(now)
	at := maxTime(now, b.last)
	b.credit = 0
	have := int(b.tokens.TokensAt(at))
	if left = min(left, b.burst); left < have {
		b.count(at, have-left)
		return
	}
	b.credit = left - have
}

// drain takes tokens until there are no more than so many.
func (b *bucket) drain(now time.Time, left float64) {
	b.land(now)
	now = maxTime(now, b.last)
	b.credit = 0
	for more := b.tokens.TokensAt(now) - left; more > tiny; more = b.tokens.TokensAt(now) - left {
		b.count(now, int(min(math.Ceil(more-tiny), float64(b.burst))))
	}
}

// quick is the interval of requests below which a late one may meet the next.
const quick = 100 * time.Millisecond

// refused empties the bucket, as the vendor's is. If requests follow each other quickly, it
// takes one token more: the next leaves after two intervals.
func (b *bucket) refused(now time.Time) {
	if b.interval() < quick {
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
	missing := float64(b.burst+b.flying-b.credit) - b.tokens.TokensAt(now)
	return now.Add(time.Duration(missing * float64(b.interval())))
}
