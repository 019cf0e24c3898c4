package traffic

import "time"

// A mode is how a pace moves.
type mode int

const (
	hold   mode = iota // it stays, and looks up from time to time
	ramp               // it doubles, after the first refusal of a limit that nobody declared
	search             // it climbs to the rate that the vendor accepts
	look               // it tries more than it holds
)

// Constants of a pace. They were found by trying, with vendors of 5 to 400 requests per second.
const (
	stepTime     = 250 * time.Millisecond // between two steps
	firstLook    = 10 * time.Second       // after a cut
	lastLook     = 10 * time.Minute       // between two looks that failed
	marginalWait = 2 * time.Second        // a longer wait is not for one request alone
	sinceRefusal = 500 * time.Millisecond // after which what was accepted proves a rate
	mostUsed     = 0.8
	calm         = 8       // requests accepted after a refusal that make it a single one
	maxRamp      = 400     // requests per second at which a ramp begins
	maxPace      = 100_000 // requests per second at which a pace is no limit
)

// A pace is the rate at which requests of a limit leave. It follows a declared rate, and
// goes below it where the vendor refuses that; of a limit that nobody declared, it is learned.
type pace struct {
	declared float64 // requests per second; 0: nobody declared it
	current  float64
	burst    int // accepted beyond the rate before a refusal

	mode     mode
	proved   proof
	good     float64   // the pace before the latest step
	before   float64   // a look
	stepAt   time.Time // of the latest step
	stepped  int       // accepted since then
	lookStep float64
	interval time.Duration // from a cut to a look
	episode  time.Time     // when the latest cut began

	cutAt    time.Time // of the latest correction: requests that left before add nothing
	refused  int       // in a row, with few accepted between
	first    time.Time // of those
	accepted int       // since then
	wasCut   bool
	closed   bool // the gate closed, and nothing was accepted since

	follows bool          // another process learns it
	lag     time.Duration // after a correction, in which requests still leave at the pace before
}

// newPace returns the pace of a declared rate.
func newPace(perSecond float64, burst int) *pace {
	return &pace{declared: perSecond, current: perSecond, burst: burst, good: perSecond, interval: firstLook}
}

// learnedPace returns the pace of a limit that nobody declared, after its first refusal: n
// requests were accepted before it. It begins when the gate opens.
func learnedPace(now, opens time.Time, n int) *pace {
	p := &pace{mode: ramp, interval: firstLook, stepAt: opens, episode: opens, cutAt: now, wasCut: true, closed: true}
	p.begin(n)
	return p
}

// begin chooses the pace at which a ramp begins.
func (p *pace) begin(n int) {
	p.burst, p.current = n, min(4*float64(n), maxRamp)
	if n < 3 {
		p.current = 2
	}
	p.good = p.current / 2
}

// room returns how many requests may leave at once during a ramp: without some, each late timer costs
// one of them.
func (p *pace) room() int { return min(max(p.burst/4, 1), 4) }

// isLearned reports whether the pace is not as declared.
func (p *pace) isLearned() bool { return p.current != p.declared }

// source returns how a pace was learned that is not as declared.
func (p *pace) source() Source {
	if p.mode == ramp || p.mode == search {
		return Looking
	}
	return Tried
}

// holdsBack reports whether the pace holds requests back without a gate.
func (p *pace) holdsBack() bool { return p.declared > 0 || p.mode != ramp }

// accept notes that a request was accepted that left at a moment. One that left before the
// first refusal was accepted before it.
func (p *pace) accept(now, left time.Time) {
	if p.closed && !left.After(p.cutAt) {
		if p.mode == ramp {
			p.begin(p.burst + 1)
		}
		return
	}
	p.proved.add(now)
	p.stepped++
	p.accepted++
	p.closed = false
}

// refuse corrects the pace after a refusal of a request that left at a moment. It reports
// whether it is new evidence, and whether the gate is to close, as more than that
// request is refused.
func (p *pace) refuse(now, left time.Time, wait time.Duration, isVendors bool) (isNew, closes bool) {
	if !left.After(p.cutAt) {
		return false, false
	}
	if p.closed {
		p.cutAt = now
		return true, true // the limit has not moved: it is only not over
	}
	if now.Sub(p.first) > wait || p.accepted >= calm {
		p.first, p.refused = now, 0
	}
	earlier := p.cutAt
	p.refused++
	p.accepted = 0
	p.cutAt = now.Add(p.lag)
	switch {
	case isVendors && wait > marginalWait, p.refused > 3:
		p.cut(now)
		p.refused, p.closed = 0, true
		return true, true
	case p.refused > 1:
		p.cut(now)
	default:
		p.correct(now, earlier)
	}
	return true, false
}

// cut makes the pace about half of what it was, and then climbs.
func (p *pace) cut(now time.Time) {
	p.set(now, max(0.55*p.current, 0.95*p.proved.since(p.first, now)), search)
	p.episode, p.interval, p.wasCut = now, firstLook, true
	p.proved.forget()
}

// isSlow reports whether the limit was refused after so few requests that a step too far is a
// large part of it.
func (p *pace) isSlow() bool { return p.declared == 0 && p.burst < 3 }

// correct takes a pace that was a little too high to what was proved. At an earlier refusal,
// nothing was left, and so all that was accepted since then is the rate.
func (p *pace) correct(now, earlier time.Time) {
	proved := p.proved.rate(now, p.burst, max(sampleTime, 2*p.lag))
	if now.Sub(earlier) >= sinceRefusal {
		proved = max(proved, p.proved.since(earlier, now))
	}
	switch p.mode {
	case ramp:
		pace := min(max(0.95*proved, p.good/2), 0.6*p.current)
		if p.isSlow() {
			pace = p.good
		}
		p.set(now, pace, search)
	case search:
		switch proved *= 0.98; {
		case p.isSlow():
			p.set(now, max(proved, 0.97*p.good), hold)
		case proved < 0.6*p.current:
			p.set(now, 0.85*p.current, search)
		default:
			p.set(now, proved, hold)
		}
	case look:
		p.set(now, max(p.before, 0.98*proved), hold)
		p.episode, p.interval = now, min(2*p.interval, lastLook)
	default:
		factor := 0.96
		if !p.wasCut {
			factor, p.wasCut, p.episode = 0.99, true, now
		}
		p.set(now, factor*p.current, hold)
	}
}

func (p *pace) set(now time.Time, pace float64, m mode) {
	if p.declared > 0 {
		pace = min(pace, p.declared)
	}
	p.current, p.mode, p.stepAt, p.stepped = max(pace, 1.0/3600), m, now, 0
}

// rate returns the pace at a moment, after the steps that are due.
func (p *pace) rate(now time.Time) float64 {
	if p.follows {
		return p.current
	}
	switch p.mode {
	case ramp:
		if p.isDue(now, max(2, min(p.burst, int(2*p.current)))) {
			p.step(now, 2)
		}
	case search:
		factor := 1.08
		if p.isSlow() {
			factor = 1.05
		}
		if p.isDue(now, 2) && p.isUsed(now) {
			p.step(now, factor)
		}
	case look:
		if p.isDue(now, 2) {
			p.step(now, 1+p.lookStep)
			p.lookStep = min(2*p.lookStep, 0.5)
		}
	default:
		if p.current != p.declared && now.Sub(p.episode) >= p.interval {
			p.before, p.lookStep = p.current, 0.04
			p.set(now, p.current, look)
		}
	}
	return p.current
}

// isDue reports whether the latest step is long enough ago, and enough requests were accepted
// since then.
func (p *pace) isDue(now time.Time, enough int) bool {
	return now.Sub(p.stepAt) >= stepTime && p.stepped >= enough
}

// isUsed reports whether much of the pace was used since the latest step: otherwise, a higher one
// would prove nothing.
func (p *pace) isUsed(now time.Time) bool {
	long := now.Sub(p.stepAt).Seconds()
	if float64(p.stepped) >= mostUsed*p.current*long-1 {
		return true
	}
	if long > max(2*stepTime.Seconds(), 6/p.current) {
		p.stepAt, p.stepped = now, 0 // requests paused, or took long
	}
	return false
}

// step raises the pace. Back at the declared one, it stays.
func (p *pace) step(now time.Time, factor float64) {
	p.good = p.current
	p.set(now, min(factor*p.current, maxPace), p.mode)
	if p.current == p.declared {
		p.mode = hold
	}
}
