package traffic

import (
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A limiter is a limit at work, for an account or one record of it: a gate, and what the limit
// bounds. The account's own bounds nothing until that was learned.
type limiter struct {
	key   key
	scope apierrors.Scope
	cost  int // of a request; 0: the limit counts requests
	gate  gate

	pace      *pace   // nil: no rate
	bucket    *bucket // with pace
	period    *period // nil: none was declared
	slots     *slots  // nil: none were declared
	announced windows // from responses

	proved   proof   // without pace
	crowd    crowd   // slots that nobody declared
	rhythm   *rhythm // windows that nobody declared; nil: none were found
	noRhythm bool    // a rhythm was assumed, and was none
	probes   bool    // the next request finds out whether the gate may reopen: the bucket waits for it

	under   int       // requests that are under way
	load    int       // what they count as
	waiting int       // requests that pass it
	ready   time.Time // when the one passes that was looked at last
	blocked uint64    // the round in which it is kept for an earlier request
	ahead   int       // what those that wait ahead count as
	whole   whole     // what is declared for all processes
	parts   int       // in which processes share it without the Store; 0: 1

	units      *units    // granted by the Store; nil: it does not share the limit
	known      time.Time // when the Store said what it knows
	knownUntil time.Time // until when the gate is closed, as the Store knows
	isTouched  bool      // the next exchange is about it
	isGranted  bool      // the Store grants units of it, and works
	leads      bool      // the process learns the pace for all
	published  Pace      // to the Store, if it does
	evidence   evidence  // for the one that does
	keyHash    string
	spread     time.Time
}

func newLimiter(k key, limit policy.Limit) *limiter {
	l := &limiter{key: k, scope: limit.Scope}
	if limit.Off {
		return l
	}
	perSecond, burst, count := limit.Enforced()
	if perSecond > 0 {
		l.pace, l.bucket = newPace(perSecond, burst), newBucket(perSecond, burst)
	}
	if size := limit.EnforcedWindow(); size > 0 {
		l.period = &period{size: size, length: limit.Window.Per, resets: limit.Resets}
	}
	if count > 0 {
		l.slots = &slots{count: count, held: limit.Held}
	}
	l.cost, l.whole = limit.Cost, whole{perSecond: perSecond, size: limit.EnforcedWindow(), slots: count}
	if l.bucket != nil {
		l.whole.burst = l.bucket.burst
	}
	return l
}

// sizeOf returns what a request counts as. The account's own limit counts requests.
func (l *limiter) sizeOf(d Demand) int {
	if l.key == (key{}) {
		return 1
	}
	weight, cost := int64(min(d.Weight, maxSize)), int64(min(l.cost, maxSize))
	return int(min(max(weight, 1)*max(cost, 1), maxSize))
}

// maxSize bounds what a request counts as. More than a limit has are as good as all of it.
const maxSize = 1 << 30

// readyAt returns when a request of n may pass, as far as is known now.
func (l *limiter) readyAt(now time.Time, n int) time.Time {
	at := maxTime(l.gate.readyAt(now), l.slots.readyAt(now, l.under), l.period.readyAt(now, l.load, n), l.announced.readyAt(now, l.load+n))
	if l.crowd.size > 0 && l.under >= l.crowd.size {
		at = maxTime(at, now.Add(slowProbe)) // or when one ends
	}
	if l.bucket == nil || l.probes || l.isGranted {
		return at // or the Store says it
	}
	l.follow(now)
	return maxTime(at, l.bucket.readyAt(now, n))
}

// expected returns when a request may pass that makes n with those that go before. Those under
// way may already be taken off what is left of an announced window.
func (l *limiter) expected(now time.Time, n int) time.Time {
	at := maxTime(l.gate.until, l.period.expected(now, l.load, n), l.announced.readyAt(now, n))
	switch {
	case l.bucket == nil:
		return at
	case l.probes:
		return at.Add(time.Duration(n-1) * l.interval())
	default:
		return maxTime(at, l.bucket.expected(now, n))
	}
}

// follow lets the bucket follow the pace.
func (l *limiter) follow(now time.Time) {
	if pace := l.pace.rate(now); pace != float64(l.bucket.tokens.Limit()) {
		l.bucket.setRate(now, pace)
	}
}

// interval returns the average time between two requests; 0 without a rate.
func (l *limiter) interval() time.Duration {
	if l.bucket == nil {
		return 0
	}
	return l.bucket.interval()
}

// isExact reports whether a millisecond matters: what is late is lost, as the bucket holds one
// request, and there are many of them.
func (l *limiter) isExact() bool {
	return l.bucket != nil && l.bucket.burst == 1 && l.bucket.interval() <= maxExact
}

// renewedAt returns when l is as good as new: its gate is open, and its bucket full. Until
// then, dropping it would let requests pass too early.
func (l *limiter) renewedAt(now time.Time) time.Time {
	at := maxTime(l.gate.until, l.period.renewedAt(now, l.load), l.slots.renewedAt(now, l.under))
	if l.bucket == nil {
		return at
	}
	return maxTime(at, l.bucket.fullAt(now))
}

// name names the limiter to a person, as a gate or as a limit.
func (l *limiter) name(now time.Time) string {
	kind := "limit "
	if l.bucket == nil && l.period == nil && l.slots == nil || l.gate.readyAt(now).After(now) {
		kind = "gate "
	}
	if l.key.limit == "" {
		return kind + "account"
	}
	return kind + l.key.limit
}

// spreadOver returns when a refused request may come back that could start at a moment. Of
// those that are refused together, each gets a turn of its own, for a day at most.
func (l *limiter) spreadOver(at time.Time) time.Time {
	if l.spread.Before(at) || l.spread.Sub(at) > 24*time.Hour {
		l.spread = at
	}
	at = l.spread
	l.spread = at.Add(l.interval())
	return at
}
