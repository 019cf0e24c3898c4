package traffic

import (
	"context"
	"math"
	"slices"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A Learned is a limit of an account that is not declared, or not as the vendor enforces it.
type Learned struct {
	Account Account
	Limit   policy.Limit // with a rate, a window or slots; its name is that of the declared limit, or empty
	Source  Source
	For     time.Duration // since the latest refusal, or since it is known
	Served  int           // requests that were accepted in that time; of an announced window: 0
}

// A Source is how a limit is known.
type Source int

// The sources of limits.
const (
	Announced Source = iota // responses say it
	Tried                   // more was refused, and so much was not
	Looking                 // as Tried, and the limit is not found yet
	Declared                // by the vendor's file or by an operator; of a Learned, it is none
)

// Learned implements Shared.
func (m *Memory) Learned(_ context.Context, now time.Time) []Learned {
	var all []Learned
	for _, q := range m.all() {
		all = append(all, q.learned(now)...)
	}
	return all
}

func (q *queue) learned(now time.Time) []Learned {
	q.mu.Lock()
	defer q.mu.Unlock()
	var all []Learned
	for l := range q.all() {
		if l.scope != apierrors.ScopeAccount {
			continue
		}
		for _, found := range slices.Concat(l.announcedLimits(now), l.triedLimits(now)) {
			found.Account, found.Limit.Name, found.Limit.Scope = q.account, l.key.limit, apierrors.ScopeAccount
			all = append(all, found)
		}
	}
	return all
}

// announcedLimits returns the windows of which two edges are known.
func (l *limiter) announcedLimits(now time.Time) []Learned {
	var all []Learned
	for _, w := range l.announced.all {
		if w.size > 0 && w.length > 0 {
			limit := policy.Limit{Window: policy.Rate{Count: w.size, Per: w.length.Round(time.Second)}}
			all = append(all, Learned{Limit: limit, For: now.Sub(w.since)})
		}
	}
	return all
}

// triedLimits returns what was found by refusals.
func (l *limiter) triedLimits(now time.Time) []Learned {
	switch r, c, p := l.rhythm, &l.crowd, l.pace; {
	case r != nil && r.matches > 0 && r.period > 0:
		limit := policy.Limit{Window: policy.Rate{Count: r.size, Per: r.period}}
		return []Learned{{Limit: limit, Source: Tried, For: time.Duration(r.matches) * r.period, Served: r.matches * r.size}}
	case c.state == sure:
		size := c.size
		if c.looks {
			size-- // it is not known yet whether the vendor has one more
		}
		return []Learned{{Limit: policy.Limit{Slots: size}, Source: Tried, For: now.Sub(c.since), Served: c.accepted}}
	case p == nil, p.current == p.declared:
		return nil
	default:
		limit := policy.Limit{Rate: rateOf(p.current), Burst: l.bucket.burst}
		return []Learned{{Limit: limit, Source: p.source(), For: now.Sub(p.cutAt), Served: p.accepted}}
	}
}

// rateOf returns a rate per second as whole numbers, in the shortest period in which they are
// exact to a tenth or better.
func rateOf(perSecond float64) policy.Rate {
	for _, per := range []time.Duration{time.Second, time.Minute} {
		if n := math.Floor(perSecond * per.Seconds()); n >= 10 {
			return policy.Rate{Count: int(n), Per: per}
		}
	}
	return policy.Rate{Count: max(int(perSecond*time.Hour.Seconds()), 1), Per: time.Hour}
}
