package traffic

import "time"

// A crowd is a number of requests under way beyond which a vendor refuses the next, and which
// nobody declared. Of a rate, a request may be refused whatever is under way; a crowd refuses
// none as long as no more are under way than were accepted before.
type crowd struct {
	since time.Time // requests that left before say nothing about the present size
	most  int       // under way when a request left that was accepted
	size  int       // 0: none is assumed
	state belief

	current, good float64 // of the pace when it was assumed

	accepted int // since the size changed
	misses   int // refusals although no more were under way
	looks    bool
	lookAt   time.Time     // when a larger size is tried next
	interval time.Duration // between two that failed
}

// A belief is how sure a crowd is.
type belief int

const (
	unseen  belief = iota // no refusal looked like one
	assumed               // one did; the pace is kept
	sure                  // the pace is dropped
	refuted               // it was assumed, and was none
)

const (
	minCrowd  = 4 // under way; fewer are as likely a rate
	maxMisses = 3
)

// accept notes that a request was accepted that left with so many under way. It reports whether
// the crowd became sure: it alone held requests back for a while, and none was refused.
func (c *crowd) accept(now, left time.Time, under int, isAlone bool) (isSure bool) {
	if left.Before(c.since) {
		return false
	}
	c.accepted++
	switch c.state {
	case assumed:
		if isAlone && c.accepted >= 4*c.size && now.Sub(c.since) >= stepTime {
			c.state, c.interval = sure, firstLook
			c.lookAt = now.Add(c.interval)
			return true
		}
	case sure:
		c.look(now, under)
	default:
		c.most = max(c.most, under)
	}
	return false
}

// look tries a larger size from time to time, if the present one is used up.
func (c *crowd) look(now time.Time, under int) {
	switch {
	case c.looks && c.accepted >= 2*c.size:
		c.looks, c.interval = false, firstLook
		c.lookAt = now.Add(time.Second)
	case !c.looks && under >= c.size && !now.Before(c.lookAt):
		c.looks, c.misses = true, 0
		c.set(now, c.size+1)
	}
}

// refuse notes that a request was refused that left with so many under way. It reports whether
// the crowd explains that.
func (c *crowd) refuse(now, left time.Time, under int) (isExplained bool) {
	isEarly := left.Before(c.since)
	switch c.state {
	case unseen:
		if isEarly || under < minCrowd || under <= c.most {
			return false
		}
		c.state = assumed
		c.set(now, under-1)
	case assumed:
		if !isEarly || under <= c.size {
			c.refute()
		}
	case sure:
		c.shrink(now, under)
	case refuted:
	}
	return c.size > 0
}

// shrink takes back a look that failed, or else makes the crowd smaller, as the vendor's may be.
func (c *crowd) shrink(now time.Time, under int) {
	switch {
	case under > c.size: // it left before the size was taken back
		return
	case c.looks && under == c.size:
		c.interval = min(2*c.interval, lastLook)
		c.lookAt = now.Add(c.interval)
	default:
		c.misses++
	}
	if c.looks = false; c.misses >= maxMisses || c.size == 1 {
		c.refute()
		return
	}
	c.set(now, c.size-1)
}

func (c *crowd) set(now time.Time, size int) { c.size, c.since, c.accepted = size, now, 0 }

func (c *crowd) refute() { c.size, c.state = 0, refuted }
