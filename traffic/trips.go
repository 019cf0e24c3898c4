package traffic

import "time"

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

// spread returns how much longer the longest took than the shortest: of few, a part of the
// shortest at least.
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
