package traffic

import "time"

// A boardPace is a rate that one process learns for all, from what the requests of all met.
type boardPace struct {
	Learned  Pace          `json:"learned,omitzero"`
	Leader   string        `json:"leader,omitempty"` // the process that learns it
	Ends     micros        `json:"ends,omitempty"`   // when another one may
	Evidence boardEvidence `json:"evidence,omitzero"`
}

// A boardEvidence is an Evidence that the leader does not know yet.
type boardEvidence struct {
	Accepted int    `json:"accepted,omitempty"`
	Since    micros `json:"since,omitempty"` // the first of those
	Refused  int    `json:"refused,omitempty"`
	Left     micros `json:"left,omitempty"` // when the latest of those was sent
	Wait     micros `json:"wait,omitempty"`
	ByVendor bool   `json:"by_vendor,omitempty"`
}

// Times of a boardPace.
const (
	leadTime   = 2 * time.Second // a process leads so long after its latest exchange, or after a pause
	recentTime = 2 * time.Second // what was accepted earlier does not count while nobody leads
)

// learn takes up what a process met and learned, and what it has to know. While the limit is
// closed, nobody can learn, and so the leader stays.
func (p *boardPace) learn(now, closed micros, process string, t Take, g *Grant) {
	isLeader, isFree := p.Leader == process, p.Leader == "" || p.Ends <= now
	p.Evidence.add(now, t.Evidence, isFree)
	switch {
	case isLeader && t.Leads && t.Learned == Pace{}:
		*p = boardPace{} // it was learned in another way
		return
	case isLeader && t.Leads, isFree && t.Leads && p.Learned == Pace{}:
		p.Learned = t.Learned
	case isLeader, isFree && t.Leads, isFree && p.Learned.PerSecond > 0 && t.Want > 0:
		// it goes on from what was learned
	default:
		g.Learned = p.Learned
		return
	}
	p.Leader, p.Ends = process, max(now, closed)+asMicros(leadTime)
	g.Learned, g.Leads, g.Evidence = p.Learned, true, p.Evidence.take(now)
}

// add adds what a process met.
func (e *boardEvidence) add(now micros, some Evidence, isFree bool) {
	if isFree && e.Since+asMicros(recentTime) <= now {
		e.Accepted, e.Since = 0, now
	}
	e.Accepted += some.Accepted
	if some.Refused > 0 {
		e.Refused += some.Refused
		if left := now - asMicros(some.Left); left > e.Left {
			e.Left, e.Wait, e.ByVendor = left, asMicros(some.Wait), some.ByVendor
		}
	}
}

// take returns all, for the leader.
func (e *boardEvidence) take(now micros) Evidence {
	all := Evidence{Accepted: e.Accepted, Refused: e.Refused}
	if e.Refused > 0 {
		all.Left, all.Wait, all.ByVendor = asDuration(now-e.Left), asDuration(e.Wait), e.ByVendor
	}
	*e = boardEvidence{Since: now}
	return all
}

// apply has a Take keep to what was learned.
func (p *boardPace) apply(t Take) Take {
	if p.Learned.PerSecond <= 0 {
		return t
	}
	if t.PerSecond <= 0 {
		t.PerSecond, t.Burst = p.Learned.PerSecond, p.Learned.Burst
	}
	t.PerSecond, t.Burst = min(t.PerSecond, p.Learned.PerSecond), min(t.Burst, p.Learned.Burst)
	return t
}

// empty empties the rate as the vendor's is, once it refused a request, and when the limit opens
// again: the first request may then leave at once, and finds out whether it is open.
func (p *boardPace) empty(now, closed micros, r *boardRate, t Take) {
	if p.Learned.PerSecond <= 0 {
		return
	}
	if closed > now {
		r.empty(now, closed, t)
	}
	if t.Evidence.Refused > 0 {
		r.empty(now, now-asMicros(t.Evidence.Left)+apart(t.PerSecond), t)
	}
}
