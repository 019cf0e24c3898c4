package traffic

import (
	"cmp"
	"slices"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A LimitUse is how much of a limit is used at a moment. Of a limit with several bounds, such as a
// window and slots, it is the bound of which the largest part is used; of one that each endpoint or
// record has, it is the one of those. In a Fleet, it is what this process uses.
type LimitUse struct {
	Limit   string          // its name; empty: the account's own, which nobody declared
	Scope   apierrors.Scope // what it is for
	Source  Source          // how the bound is known
	Used    int             // requests, or points: of the burst of a rate, of a window, or of slots
	Size    int             // how many there are
	Waiting int             // requests that it holds back, of all endpoints and records
}

// Part returns the part that is used: 1 is all of it.
func (u LimitUse) Part() float64 { return float64(u.Used) / float64(max(u.Size, 1)) }

// uses returns how much of each limit is used, by their names. The caller holds the lock.
func (q *queue) uses(now time.Time) []LimitUse {
	var all []LimitUse
	find := func(l *limiter) (int, bool) {
		return slices.BinarySearchFunc(all, l.key.limit, func(u LimitUse, name string) int { return cmp.Compare(u.Limit, name) })
	}
	for l := range q.all() {
		u := l.use(now)
		switch i, isKnown := find(l); {
		case u.Size == 0:
		case !isKnown:
			all = slices.Insert(all, i, u)
		case u.Part() > all[i].Part():
			all[i] = u
		}
	}
	for e := q.waiting.Front(); e != nil; e = e.Next() {
		if by := placeOf(e).slowest; by != nil {
			if i, isKnown := find(by); isKnown {
				all[i].Waiting++
			}
		}
	}
	return all
}

// use returns how much is used of the bound of which the largest part is. Its Size is 0 if there is
// no bound.
func (l *limiter) use(now time.Time) LimitUse {
	most := LimitUse{Limit: l.key.limit, Scope: l.scope}
	see := func(s Source, used, size int) {
		one := LimitUse{Limit: most.Limit, Scope: most.Scope, Source: s, Used: max(used, 0), Size: size}
		if size > 0 && (most.Size == 0 || one.Part() > most.Part()) {
			most = one
		}
	}
	if l.bucket != nil {
		source := l.pace.source()
		if l.pace.declared > 0 {
			source = Declared
		}
		see(source, l.bucket.used(now), l.bucket.burst)
	}
	if p := l.period; p != nil {
		p.renew(now)
		see(Declared, p.used+l.load, p.size)
	}
	if s := l.slots; s != nil {
		see(Declared, l.under+s.heldAt(now), s.count)
	}
	for _, w := range l.announced.all {
		if w.isKnown(now) {
			see(Announced, w.size-w.left+l.load, w.size)
		}
	}
	if r := l.rhythm; r != nil && r.matches > 0 && r.period > 0 {
		see(Tried, r.used(now), r.size)
	}
	if l.crowd.state == sure {
		see(Tried, l.under, l.crowd.size)
	}
	return most
}
