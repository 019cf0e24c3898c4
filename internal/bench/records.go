package main

import "time"

// Records have a limit each. A job is about all of them in turn.
type records struct {
	count    int
	newLimit func() limit
	limits   map[string]limit
}

func newRecords(count int, newLimit func() limit) *records {
	return &records{count: count, newLimit: newLimit, limits: map[string]limit{}}
}

func (r *records) admit(now time.Time, record string) bool {
	l, ok := r.limits[record]
	if !ok {
		l = r.newLimit()
		r.limits[record] = l
	}
	return l.admit(now, record)
}

func (r *records) allowed(d time.Duration) float64 {
	return float64(r.count) * r.newLimit().allowed(d)
}
