package traffic

import (
	"maps"
	"time"
)

// A lease is the slots of a process, or that it has none and waits for one.
type lease struct {
	N       int    `json:"n"`
	IsShort bool   `json:"short,omitempty"` // it wants more
	Since   micros `json:"since"`           // when N changed, or it became short
	Asked   micros `json:"asked"`
}

// Times of slots.
const (
	turnTime = time.Second // after which a process leaves a slot beyond its share to others
	waitTime = time.Second // since it asked, after which a process does not wait any more
)

// hold gives the process as many slots as it wants to hold, as far as there are. While others
// want more than they have, it gets its share, and begins no request until it uses fewer.
func (l *boardLimit) hold(now micros, process string, t Take) int {
	want := max(t.Hold, t.Busy)
	if t.Slots <= 0 {
		return 0
	}
	maps.DeleteFunc(l.Slots, func(_ string, s *lease) bool { return s.Asked+asMicros(SlotTime) <= now })
	if want == 0 {
		delete(l.Slots, process)
		return 0
	}
	mine := entry(&l.Slots, process)
	mine.Asked = now
	free := t.Slots
	for name, s := range l.Slots {
		if name != process {
			free -= s.N
		}
	}
	free = max(free, 0)
	most := min(want, l.share(now, process, t.Slots))
	n := min(max(most, t.Busy), free)
	if isShort := n < want; n != mine.N || isShort && !mine.IsShort {
		mine.N, mine.Since = n, now
	}
	mine.IsShort = n < want
	return min(most, n)
}

// share returns how many slots the process may have, if there are as many. If they cannot be
// divided evenly, one more goes to those that wait longest, for a time.
func (l *boardLimit) share(now micros, process string, slots int) int {
	share, mine, isShort, isBehind := slots/len(l.Slots), l.Slots[process], false, false
	for name, s := range l.Slots {
		if name == process || !s.IsShort || s.Asked+asMicros(waitTime) <= now {
			continue
		}
		isShort = true
		if s.N > share {
			continue
		}
		if mine.N > share {
			isBehind = isBehind || mine.Since+asMicros(turnTime) <= now
		} else {
			isBehind = isBehind || !mine.IsShort || s.Since < mine.Since
		}
	}
	switch {
	case !isShort:
		return slots
	case isBehind || share*len(l.Slots) == slots:
		return share
	default:
		return share + 1
	}
}
