package traffic

import (
	"time"

	"github.com/retrywise/retrywise/policy"
)

// A period is a declared number of requests, or points, in each period of a length. Where the
// periods end is known by a clock or by a response. Until then, no time of that length may have
// more, wherever it begins. A nil period bounds nothing.
type period struct {
	size   int
	length time.Duration
	resets policy.Zone // by whose clock they end; zero: by none
	edge   time.Time   // the end of the present one; zero: unknown

	used    int     // of requests that have ended
	counted []count // when which of them are free again, while the end is unknown
}

// A count is some requests that ended at about the same time.
type count struct {
	first, last time.Time
	n           int
}

// parts is into how many parts a period is divided at least, to be counted.
const parts = 100

// renew frees what an earlier period used.
func (p *period) renew(now time.Time) {
	if p.edge.IsZero() && p.resets.Location == nil {
		for len(p.counted) > 0 && !now.Before(p.counted[0].last.Add(p.length)) {
			p.used -= p.counted[0].n
			p.counted = p.counted[1:]
		}
		return
	}
	if now.Before(p.edge) {
		return
	}
	p.used, p.counted = 0, nil
	if p.resets.Location != nil {
		p.edge = p.resets.Next(now, p.length)
		return
	}
	p.edge = p.edge.Add((now.Sub(p.edge)/p.length + 1) * p.length)
}

// mayEnd reports whether the present period may end in a time: not later than one that begins
// now, with a second more, as a reset is rounded up.
func (p *period) mayEnd(reset time.Duration) bool { return p == nil || reset <= p.length+time.Second }

// align takes the end of the present period from a response.
func (p *period) align(edge time.Time) {
	if p != nil {
		p.edge = edge
	}
}

// readyAt returns when a request of n may leave beside those under way. One that is larger than a
// period waits for a whole one.
func (p *period) readyAt(now time.Time, under, n int) time.Time {
	if p == nil {
		return now
	}
	return p.expected(now, under, min(n, p.size))
}

// expected returns when a request may leave that makes n, with those that go before, beside those
// under way.
func (p *period) expected(now time.Time, under, n int) time.Time {
	if p == nil {
		return now
	}
	p.renew(now)
	taken := p.used + under
	over := max(taken-p.size, 0) // by a request that was larger than a period, or took more than expected
	missing := taken - over + n - p.size
	if missing <= 0 {
		return now
	}
	later := (missing - 1) / p.size
	missing -= later * p.size
	return p.freedAt(now, over+missing).Add(time.Duration(min(later, int(farthest/p.length))) * p.length)
}

// freedAt returns when n are free that are used now.
func (p *period) freedAt(now time.Time, n int) time.Time {
	if !p.edge.IsZero() {
		return p.edge
	}
	for _, c := range p.counted {
		if n -= c.n; n <= 0 {
			return c.last.Add(p.length)
		}
	}
	return now.Add(p.length) // after those under way have ended
}

// count counts so many of a request that has ended. It arrived before, and so what is free again
// later is free at the vendor.
func (p *period) count(now time.Time, used int) {
	if p == nil {
		return
	}
	p.renew(now)
	p.used += used
	if !p.edge.IsZero() || used == 0 {
		return
	}
	if i := len(p.counted) - 1; i >= 0 && now.Sub(p.counted[i].first) < p.length/parts {
		p.counted[i].last, p.counted[i].n = now, p.counted[i].n+used
		return
	}
	p.counted = append(p.counted, count{now, now, used})
}

// correct counts so many more than were counted, as many as a period has at most, or takes them
// back.
func (p *period) correct(now time.Time, more int) {
	if p != nil {
		p.count(now, min(max(more, -p.used), p.size))
	}
}

// keepTo counts what others have used: no more than left may leave beside those under way. That is
// free again when the period ends by a clock, or after a whole length. Where responses say when the
// period ends, one that does not is at its very end, and left is of no use.
func (p *period) keepTo(now time.Time, under, left int) {
	if p == nil || !p.edge.IsZero() && p.resets.Location == nil {
		return
	}
	p.renew(now)
	p.count(now, max(p.size-p.used-under-left, 0))
}

// renewedAt returns when nothing is used any more, if nothing leaves but those under way.
func (p *period) renewedAt(now time.Time, under int) time.Time {
	if p == nil {
		return now
	}
	if p.renew(now); p.used+under == 0 {
		return now
	}
	return p.freedAt(now, p.used+under)
}
