package main

// A hostileRow is what one peer reached in one run of hostile.
type hostileRow struct {
	title

	// Calls is how many there were at once: 1,000, or 8 if these alone took a
	// sixteenth of the bound.
	Calls int `json:"calls"`

	// FailedCalls counts the calls that ended with an error, before they were cut off, and Typed
	// those of them whose error is retrywise's and has the status.
	FailedCalls int `json:"failed_calls"`
	Typed       int `json:"typed"`

	// PeakHeap is by how many bytes the heap grew at most, and HeapBound how many it may. The
	// server and what was not yet collected count, too. If it is more, the calls were cut off then.
	PeakHeap  int `json:"peak_heap"`
	HeapBound int `json:"heap_bound"`

	// GoroutinesLeft counts those that are there 2 s after the client was closed, and were not
	// before.
	GoroutinesLeft int `json:"goroutines_left"`

	// Seconds is the time that the calls took.
	Seconds float64 `json:"seconds"`

	// CutOff says that the heap was too large, or that the calls did not end within a minute.
	CutOff bool `json:"cut_off,omitempty"`
}

// count adds how the calls ended.
func (r *hostileRow) count(ends []error) {
	for _, err := range ends {
		if err != nil {
			r.FailedCalls++
		}
		if isTyped(err) {
			r.Typed++
		}
	}
}

func (r *hostileRow) columns() []column {
	return []column{
		count("calls", r.Calls), count("failed_calls", r.FailedCalls), count("typed", r.Typed), count("peak_heap", r.PeakHeap),
		count("heap_bound", r.HeapBound), count("goroutines_left", r.GoroutinesLeft), decimal("seconds", 2, r.Seconds), note(r.CutOff),
	}
}

func (r *hostileRow) order() float64 { return float64(r.PeakHeap) }
