package traffic

import "time"

// Slots are how many requests may be under way. A slot may be held beyond its request, such as
// by a job that the request began. Nil slots bound nothing.
type slots struct {
	count int
	held  time.Duration // how long one is held at most after a response; 0: it is not
	ends  []time.Time   // of those that are held, the earliest first
}

// readyAt returns when the next request may leave beside those under way, if no slot is returned
// before that.
func (s *slots) readyAt(now time.Time, under int) time.Time {
	if s == nil {
		return now
	}
	for len(s.ends) > 0 && !s.ends[0].After(now) {
		s.ends = s.ends[1:]
	}
	switch {
	case under+len(s.ends) < s.count:
		return now
	case len(s.ends) > 0:
		return s.ends[0]
	default:
		return now.Add(slowProbe)
	}
}

// heldAt returns how many slots are held beyond their requests.
func (s *slots) heldAt(now time.Time) int {
	n := 0
	for _, end := range s.ends {
		if end.After(now) {
			n++
		}
	}
	return n
}

// end returns the slot of a request, unless it is held. A request without a response may have
// begun its job.
func (s *slots) end(now time.Time, r Report) {
	mayHold := r.Served || r.Answered.IsZero() && !r.Unsent
	if s != nil && s.held > 0 && mayHold {
		s.ends = append(s.ends, now.Add(s.held))
	}
}

// free returns a slot that is held.
func (s *slots) free() {
	if s != nil && len(s.ends) > 0 {
		s.ends = s.ends[1:]
	}
}

// renewedAt returns when no slot is taken any more. Nobody knows how long a request takes.
func (s *slots) renewedAt(now time.Time, under int) time.Time {
	switch {
	case s == nil:
		return now
	case len(s.ends) > 0:
		return s.ends[len(s.ends)-1]
	case under > 0:
		return now.Add(slowProbe)
	default:
		return now
	}
}
