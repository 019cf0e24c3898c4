package main

import "time"

// A window is a fixed window: a quota that is full again at each edge. Edges are at the
// multiples of the period on the wall clock, and an offset.
type window struct {
	period time.Duration
	offset time.Duration
	quota  int

	edge time.Time // the latest one
	used int       // since then
}

func (w *window) admit(now time.Time, _ string) bool {
	if edge := w.edgeBefore(now); edge.After(w.edge) {
		w.edge, w.used = edge, 0
	}
	if w.used >= w.quota {
		return false
	}
	w.used++
	return true
}

// allowed is for a job that starts at an edge.
func (w *window) allowed(d time.Duration) float64 {
	return float64(w.quota) * (1 + float64(d)/float64(w.period))
}

// edgeBefore returns the latest edge that is not after now.
func (w *window) edgeBefore(now time.Time) time.Time {
	return now.Add(-w.offset).Truncate(w.period).Add(w.offset)
}

// edgeAfter returns the next edge.
func (w *window) edgeAfter(now time.Time) time.Time { return w.edgeBefore(now).Add(w.period) }

// remaining returns how many requests are left in the window of the latest admit.
func (w *window) remaining() int { return w.quota - w.used }
