package traffic

import "time"

// A proof is what a vendor has accepted lately.
type proof struct {
	samples []sample // every 100 ms or more; a ring once there are maxSamples
	latest  int      // of them
	total   int
}

type sample struct {
	at    time.Time
	total int // accepted before
}

const (
	sampleTime = 100 * time.Millisecond
	maxSamples = 120
)

// add counts an accepted request. Most limits of a record see few, so samples are made as they
// come.
func (p *proof) add(now time.Time) {
	s := sample{now, p.total}
	p.total++
	switch {
	case len(p.samples) > 0 && now.Sub(p.samples[p.latest].at) < sampleTime:
		return
	case len(p.samples) < maxSamples:
		p.samples = append(p.samples, s)
		p.latest = len(p.samples) - 1
	default:
		p.latest = (p.latest + 1) % maxSamples
		p.samples[p.latest] = s
	}
}

// forget forgets what was accepted until now.
func (p *proof) forget() { p.samples, p.latest = p.samples[:0], 0 }

// rate returns the rate that the vendor has certainly accepted, beyond a burst, in a time of a least
// length.
func (p *proof) rate(now time.Time, burst int, least time.Duration) float64 {
	best := 0.0
	for _, s := range p.samples {
		if past := now.Sub(s.at); past >= least && past <= 12*time.Second {
			best = max(best, float64(p.total-s.total-burst)/past.Seconds())
		}
	}
	return best
}

// since returns the rate since a moment; 0 if too few were accepted.
func (p *proof) since(start, now time.Time) float64 {
	if now.Sub(start) < 2*sampleTime {
		return 0
	}
	n := p.within(now, now.Sub(start))
	if n < 5 {
		return 0
	}
	return float64(n) / now.Sub(start).Seconds()
}

// within returns how many requests were accepted in the latest period.
func (p *proof) within(now time.Time, period time.Duration) int {
	before := p.total
	for _, s := range p.samples {
		if now.Sub(s.at) <= period {
			before = min(before, s.total)
		}
	}
	return p.total - before
}
