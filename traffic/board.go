package traffic

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// A board is what a Store keeps of one account. Times are microseconds of the store's clock, which
// a script of Redis can count as well.
type board struct {
	Limits    map[string]*boardLimit  `json:"limits,omitempty"`
	Outages   map[string]*boardOutage `json:"outages,omitempty"`
	Spent     int64                   `json:"spent,omitempty"` // tokens of the budget; negative: saved up
	Renewals  map[string]right        `json:"renewals,omitempty"`
	Processes map[string]micros       `json:"processes,omitempty"` // when each asked last
}

// A right is the right to renew a credential, or to say until when nobody has it.
type right struct {
	Process string `json:"process,omitempty"` // that has it, or has returned it for later
	Ends    micros `json:"ends"`
}

// What a board keeps at most, beside what an exchange is about.
const (
	maxBoardLimits  = 2_000
	maxBoardOutages = 200
)

// micros is a time of the store, or a duration.
type micros = int64

func asMicros(d time.Duration) micros { return d.Microseconds() }

func asDuration(m micros) time.Duration { return time.Duration(max(m, 0)) * time.Microsecond }

// exchange decides what a process may do. It is a pure function of the board and the time.
func (b *board) exchange(now micros, x Exchange) Result {
	b.forget(now)
	set(&b.Processes, x.Process, now)
	r := Result{Processes: len(b.Processes)}
	for _, take := range x.Limits {
		r.Limits = append(r.Limits, entry(&b.Limits, take.Limit).take(now, x.Process, take))
	}
	for _, sight := range x.Outages {
		r.Outages = append(r.Outages, b.see(now, x.Process, sight))
	}
	r.Retries = b.spend(x.Budget)
	for _, permit := range x.Renewals {
		r.Renewals = append(r.Renewals, b.permit(now, x.Process, permit))
	}
	return r
}

// see takes up what a process saw of an outage. Once the vendor works again, so do its endpoints:
// what failed was the vendor.
func (b *board) see(now micros, process string, s Sight) View {
	o := entry(&b.Outages, s.Endpoint)
	wasHeld := o.State == Held
	v := o.see(now, process, s)
	if s.Endpoint == "" && wasHeld && o.State == Ramping {
		for name, one := range b.Outages {
			if name != "" {
				one.reset()
			}
		}
	}
	return v
}

// spend takes up what a process spent of the budget, and returns what is left. Processes that
// spend at the same time may overdraw it by what they had left.
func (b *board) spend(p Purse) (left int) {
	if p.Full == 0 {
		return 0
	}
	b.Spent = min(max(b.Spent+int64(p.Spent), int64(p.Full-max(p.Most, p.Full))), int64(p.Full))
	return p.Full - int(b.Spent)
}

// permit grants a right to renew, or takes it back. A process returns its own right only: once it
// has ended, another one may have it. A right that is returned for later stays the process's own, so
// that it can return it again: sooner, or for another time.
func (b *board) permit(now micros, process string, p Permit) (wait time.Duration) {
	has, isTaken := b.Renewals[p.Rejected]
	switch {
	case isTaken && !p.Returns:
		return asDuration(has.Ends - now)
	case isTaken && has.Process != process:
		return 0
	case p.For <= 0:
		delete(b.Renewals, p.Rejected)
	default:
		set(&b.Renewals, p.Rejected, right{process, now + asMicros(p.For)})
	}
	return 0
}

// forget drops what is as good as new, and the oldest of what is too much. It reports whether
// nothing is left.
func (b *board) forget(now micros) (isEmpty bool) {
	maps.DeleteFunc(b.Limits, func(_ string, l *boardLimit) bool { return l.Until <= now })
	maps.DeleteFunc(b.Outages, func(_ string, o *boardOutage) bool { return o.isOld(now) })
	maps.DeleteFunc(b.Renewals, func(_ string, r right) bool { return r.Ends <= now })
	maps.DeleteFunc(b.Processes, func(_ string, at micros) bool { return at+asMicros(LiveTime) <= now })
	bound(b.Limits, maxBoardLimits, func(l *boardLimit) micros { return l.Until })
	bound(b.Outages, maxBoardOutages, func(o *boardOutage) micros { return o.Touched })
	isEmpty = len(b.Limits)+len(b.Outages)+len(b.Renewals)+len(b.Processes) == 0
	if isEmpty {
		b.Spent = 0
	}
	return isEmpty
}

// bound drops the oldest entries of a map that has more than n, a tenth more than it has to.
func bound[V any](m map[string]V, n int, age func(V) micros) {
	if len(m) <= n {
		return
	}
	names := slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(age(m[a]), age(m[b])), cmp.Compare(a, b))
	})
	for _, name := range names[:len(names)-n*9/10] {
		delete(m, name)
	}
}

// entry returns an entry of a map that may be nil. One that is not there is new.
func entry[V any](m *map[string]*V, key string) *V {
	v, ok := (*m)[key]
	if !ok {
		v = new(V)
		set(m, key, v)
	}
	return v
}

// set sets an entry of a map that may be nil.
func set[V any](m *map[string]V, key string, value V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[key] = value
}
