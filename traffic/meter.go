package traffic

import "time"

// A meter counts the successes of the last minute.
type meter struct {
	seconds [60]second
	began   time.Time // the first success
}

// A second is what was served in one.
type second struct {
	unix  int64
	count int
	took  time.Duration
}

func (m *meter) add(now time.Time, took time.Duration) {
	if m.began.IsZero() {
		m.began = now
	}
	s := &m.seconds[now.Unix()%int64(len(m.seconds))]
	if s.unix != now.Unix() {
		*s = second{unix: now.Unix()}
	}
	s.count++
	s.took += took
}

// before returns what was served on average in the minute before a moment, per second, and how
// many requests were under way for that, twice as many as on average.
func (m *meter) before(at time.Time) (perSecond float64, crowd int) {
	count, took := 0, time.Duration(0)
	for _, s := range m.seconds {
		if age := at.Unix() - s.unix; age >= 0 && age < int64(len(m.seconds)) {
			count += s.count
			took += s.took
		}
	}
	long := min(max(at.Sub(m.began), time.Second), time.Minute)
	if count == 0 {
		return 0, minCrowdOfRamp
	}
	perSecond = float64(count) / long.Seconds()
	return perSecond, max(minCrowdOfRamp, int(2*perSecond*(took/time.Duration(count)).Seconds()))
}

// minCrowdOfRamp is how many requests may be under way in any ramp.
const minCrowdOfRamp = 8
