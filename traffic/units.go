package traffic

import (
	"cmp"
	"slices"
	"time"
)

// units are what the Store granted this process of a declared limit. Nil units are of a limit
// that it does not share.
type units struct {
	have  []unit        // the earliest first
	valid time.Duration // for how long after their time they may be used
	hold  int           // slots
	used  int           // units since the latest exchange
	back  int           // units that were not used in time
	first time.Time     // when the first of those could be used
	most  int           // that were asked for at once lately: they are kept until all are there
	retry time.Time     // when more may be there
}

// spread chooses how late units of a rate may be used, and returns the burst that the Store is to
// grant: what is late comes together with what is not, and so it is a part of the vendor's burst.
func (u *units) spread(l *limiter) (burst int) {
	burst, interval := cmp.Or(l.whole.burst, l.bucket.burst), l.bucket.interval()
	u.valid = min(max(time.Duration(burst-1)*interval/2, interval), Valid)
	return max(burst-int(u.valid/interval), 1)
}

// A unit is n units that may be used from a moment on.
type unit struct {
	at time.Time
	n  int
}

// count returns how many there are, now or later.
func (u *units) count() (n int) {
	for _, one := range u.have {
		n += one.n
	}
	return n
}

// expire drops those whose time is over.
func (u *units) expire(now time.Time) {
	if u.most > 1 && u.count() < u.most {
		return // they wait for the others
	}
	u.have = slices.DeleteFunc(u.have, func(one unit) bool {
		isOver := now.Sub(one.at) > u.valid
		if isOver {
			if u.back += one.n; u.first.IsZero() || one.at.Before(u.first) {
				u.first = one.at
			}
		}
		return isOver
	})
}

// readyAt returns when n may be used; false: they have to be asked for.
func (u *units) readyAt(now time.Time, n int) (time.Time, bool) {
	u.most = n
	u.expire(now)
	for _, one := range u.have {
		if n -= one.n; n <= 0 {
			return maxTime(now, one.at), true
		}
	}
	return time.Time{}, false
}

// use uses n, or as many as there are.
func (u *units) use(n int) {
	u.used += n
	u.most = 0
	for n > 0 && len(u.have) > 0 {
		some := min(n, u.have[0].n)
		n -= some
		if u.have[0].n -= some; u.have[0].n == 0 {
			u.have = u.have[1:]
		}
	}
}

// add adds what was granted at a moment.
func (u *units) add(now time.Time, g Grant) {
	if g.Now > 0 {
		u.have = append(u.have, unit{now, g.Now})
	}
	for i := range g.Later {
		u.have = append(u.have, unit{now.Add(g.First + time.Duration(i)*g.Apart), 1})
	}
	slices.SortStableFunc(u.have, func(a, b unit) int { return a.at.Compare(b.at) })
	u.hold, u.retry = g.Hold, time.Time{}
	if g.Wait > 0 {
		u.retry = now.Add(g.Wait)
	}
}
