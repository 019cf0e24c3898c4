package fake

import (
	"math"
	"time"

	"github.com/retrywise/retrywise/policy"
)

// A meter counts the requests of one limit as they arrive: in a bucket, in a window, or those that
// are under way. Of the limit's Share it takes no notice, which is a client's.
type meter struct {
	limit policy.Limit

	level float64 // of the bucket at a moment; without a rate it means nothing
	at    time.Time

	taken []*arrival // in the present window
	ends  time.Time  // when it ends, if it turns by the clock

	underWay int
	held     []time.Time // until when slots are held beyond the response
}

// An arrival is a request, or its points, in a window.
type arrival struct {
	at   time.Time
	cost int
}

// fits reports whether there is room for a request, and if not, after how long there is. That is
// zero if it is not known.
func (m *meter) fits(now time.Time, cost int) (wait time.Duration, isWithin bool) {
	m.advance(now)
	if m.limit.Rate.Count > 0 {
		wait = max(wait, m.bucketWait(cost))
	}
	if m.limit.Window.Count > 0 {
		wait = max(wait, m.windowWait(now, cost))
	}
	if m.limit.Slots > 0 && m.underWay+len(m.held) >= m.limit.Slots {
		return wait, false
	}
	return wait, wait == 0
}

// advance forgets what is over.
func (m *meter) advance(now time.Time) {
	if !m.at.IsZero() {
		m.level = max(m.level-m.perSecond()*now.Sub(m.at).Seconds(), 0)
	}
	m.at = now
	isTurned := m.limit.Resets.Location != nil && !now.Before(m.ends)
	for len(m.taken) > 0 && (isTurned || m.limit.Resets.Location == nil && now.Sub(m.taken[0].at) >= m.limit.Window.Per) {
		m.taken = m.taken[1:]
	}
	if isTurned {
		m.ends = m.limit.Resets.Next(now, m.limit.Window.Per)
	}
	for len(m.held) > 0 && !m.held[0].After(now) {
		m.held = m.held[1:]
	}
}

func (m *meter) perSecond() float64 {
	return float64(m.limit.Rate.Count) / max(m.limit.Rate.Per, 1).Seconds()
}

// roundings is how much of a request the sums of a bucket may be wrong by.
const roundings = 1e-6

// bucketWait returns how long it takes until the bucket has room.
func (m *meter) bucketWait(cost int) time.Duration {
	beyond := m.level + float64(cost) - float64(max(m.limit.Burst, 1))
	if beyond <= roundings {
		return 0
	}
	return time.Duration(math.Ceil(beyond / m.perSecond() * float64(time.Second)))
}

// windowWait returns how long it takes until the window has room.
func (m *meter) windowWait(now time.Time, cost int) time.Duration {
	beyond := m.inWindow() + cost - m.limit.Window.Count
	if beyond <= 0 {
		return 0
	}
	if m.limit.Resets.Location != nil {
		return m.ends.Sub(now)
	}
	for _, t := range m.taken {
		if beyond -= t.cost; beyond <= 0 {
			return t.at.Add(m.limit.Window.Per).Sub(now)
		}
	}
	return m.limit.Window.Per // more than the whole window
}

func (m *meter) inWindow() int {
	n := 0
	for _, t := range m.taken {
		n += t.cost
	}
	return n
}

// take counts a request that fits.
func (m *meter) take(now time.Time, cost int) *arrival {
	taken := &arrival{now, cost}
	m.level += float64(cost)
	if m.limit.Window.Count > 0 {
		m.taken = append(m.taken, taken)
	}
	m.underWay++
	return taken
}

// correct replaces what a request was counted as by what it took.
func (m *meter) correct(taken *arrival, cost int) {
	m.level = max(m.level+float64(cost-taken.cost), 0)
	taken.cost = cost
}

// end returns the slot of a request. If the limit says so, one that succeeded holds it longer.
func (m *meter) end(now time.Time, isSuccess bool) {
	m.underWay--
	if m.limit.Slots > 0 && m.limit.Held > 0 && isSuccess {
		m.held = append(m.held, now.Add(m.limit.Held))
	}
}

// free returns the slot that was held first.
func (m *meter) free() {
	if len(m.held) > 0 {
		m.held = m.held[1:]
	}
}

// quota returns what is left of the limit, of which a request took so much.
func (m *meter) quota(now time.Time, cost int) policy.Quota {
	q := policy.Quota{Limit: m.limit.Name, Left: -1}
	switch {
	case m.limit.Window.Count > 0:
		q.Size, q.Left = m.limit.Window.Count, m.limit.Window.Count-m.inWindow()
		q.Reset = m.ends.Sub(now)
		if m.limit.Resets.Location == nil {
			q.Reset = m.taken[0].at.Add(m.limit.Window.Per).Sub(now)
		}
	case m.limit.Rate.Count > 0:
		q.Size = max(m.limit.Burst, 1)
		q.Left = int(max(float64(q.Size)-m.level, 0))
		q.Reset = time.Duration(m.level / m.perSecond() * float64(time.Second))
	}
	if m.limit.Cost > 0 {
		q.Spent = cost
	}
	return q
}
