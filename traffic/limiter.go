package traffic

import (
	"sync"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"golang.org/x/time/rate"
)

// A limiter is a limit at work: a token bucket and a gate. A 429 closes the gate for all
// requests that pass it. The account's own has the budget and the streak as well.
type limiter struct {
	key    key
	scope  apierrors.Scope
	bucket *rate.Limiter // nil: no rate, only a gate
	budget budget
	streak streak

	mu           sync.Mutex
	pausedUntil  time.Time
	guessed      string // of the account's own: the limit that a guess paused the longest
	guessedUntil time.Time
}

func newLimiter(k key, limit policy.Limit) *limiter {
	l := &limiter{key: k, scope: limit.Scope}
	if !limit.Off && limit.Rate.Count > 0 {
		perSecond := float64(limit.Rate.Count) / limit.Rate.Per.Seconds()
		l.bucket = rate.NewLimiter(rate.Limit(perSecond), max(limit.Burst, 1))
	}
	return l
}

func (l *limiter) hasRate() bool { return l.bucket != nil }

// pause closes the gate until a moment, or leaves it closed for longer.
func (l *limiter) pause(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.After(l.pausedUntil) {
		l.pausedUntil = until
	}
}

// guess notes that a guess pauses a limit of the account l. It reports whether a guess has
// paused another limit, and that pause is not over.
func (l *limiter) guess(limit string, now, until time.Time) (isSecond bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	isSecond = l.guessed != limit && now.Before(l.guessedUntil)
	if until.After(l.guessedUntil) {
		l.guessed, l.guessedUntil = limit, until
	}
	return isSecond
}

// closedFor returns how long the gate stays closed; zero or less: it is open.
func (l *limiter) closedFor(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pausedUntil.Sub(now)
}

// renewedAt returns when l is as good as new: its gate is open, and its bucket full. Until
// then, dropping it would let requests pass too early.
func (l *limiter) renewedAt(now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.pausedUntil
	if l.bucket != nil {
		missing := float64(l.bucket.Burst()) - l.bucket.TokensAt(now)
		full := now.Add(time.Duration(missing / float64(l.bucket.Limit()) * float64(time.Second)))
		if full.After(at) {
			at = full
		}
	}
	return at
}

// name names the limiter to a person, as a gate or as a limit.
func (l *limiter) name(kind string) string {
	if l.key.limit == "" {
		return kind + " account"
	}
	return kind + " " + l.key.limit
}

// A booking is the tokens of one request.
type booking struct{ taken []*rate.Reservation }

// take takes a token of l and returns how long it takes to come.
func (b *booking) take(l *limiter, now time.Time) time.Duration {
	if l.bucket == nil {
		return 0
	}
	r := l.bucket.ReserveN(now, 1)
	b.taken = append(b.taken, r)
	return r.DelayFrom(now)
}

// cancel gives the tokens back.
func (b *booking) cancel(now time.Time) {
	for _, r := range b.taken {
		r.CancelAt(now)
	}
}
