package traffic

import (
	"testing"
	"time"
)

// A slot is returned by the response, or held beyond it.
func TestSlotsAreReturnedOrHeld(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := millis(start)
	served, failed := Report{Answered: start, Served: true}, Report{Answered: start}
	lost, unsent := Report{}, Report{Unsent: true}
	for name, tt := range map[string]struct {
		held   time.Duration
		ends   []Report
		frees  int
		wait   time.Duration // for the next slot of 2
		renews time.Duration
	}{
		"both under way":       {0, nil, 0, slowProbe, slowProbe},
		"one has ended":        {0, []Report{served}, 0, 0, slowProbe},
		"both have ended":      {0, []Report{served, failed}, 0, 0, 0},
		"held by a job":        {time.Minute, []Report{served, served}, 0, time.Minute, time.Minute},
		"a job has ended":      {time.Minute, []Report{served, served}, 1, 0, time.Minute},
		"no job, as it failed": {time.Minute, []Report{served, failed}, 0, 0, time.Minute},
		"maybe a job":          {time.Minute, []Report{served, lost}, 0, time.Minute, time.Minute},
		"not sent":             {time.Minute, []Report{served, unsent}, 0, 0, time.Minute},
		"more than are ours":   {time.Minute, []Report{served, served}, 3, 0, 0},
	} {
		s := &slots{count: 2, held: tt.held}
		under := 2 - len(tt.ends)
		for _, r := range tt.ends {
			s.end(start, r)
		}
		for range tt.frees {
			s.free()
		}
		if wait, renews := s.readyAt(start, under).Sub(start), s.renewedAt(start, under).Sub(start); wait != tt.wait || renews != tt.renews {
			t.Errorf("%s: the next waits %v, as good as new in %v; want %v, %v", name, wait, renews, tt.wait, tt.renews)
		}
		if name == "held by a job" && s.readyAt(at(60_000), under) != at(60_000) {
			t.Errorf("%s: the slot is not returned after a minute", name)
		}
	}
}
