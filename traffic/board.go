package traffic

import (
	"maps"
	"time"
)

// A board is what a Store keeps of one account. Times are microseconds of the store's clock, which
// a script of Redis can count as well.
type board struct {
	Limits    map[string]*boardLimit  `json:"limits,omitempty"`
	Outages   map[string]*boardOutage `json:"outages,omitempty"`
	Spent     int64                   `json:"spent,omitempty"`     // tokens of the budget; negative: saved up
	Renewals  map[string]int64        `json:"renewals,omitempty"`  // when each right ends
	Processes map[string]int64        `json:"processes,omitempty"` // when each asked last
}

// micros is a time of the store, or a duration.
type micros = int64

func asMicros(d time.Duration) micros { return d.Microseconds() }

func asDuration(m micros) time.Duration { return time.Duration(max(m, 0)) * time.Microsecond }

// exchange decides what a process may do. It is a pure function of the board and the time.
func (b *board) exchange(now micros, x Exchange) Result {
	r := Result{Processes: b.see(now, x.Process)}
	for _, take := range x.Limits {
		r.Limits = append(r.Limits, b.limit(take.Limit).take(now, x.Process, take))
	}
	for _, sight := range x.Outages {
		r.Outages = append(r.Outages, b.outage(sight.Endpoint).see(now, x.Process, sight))
	}
	r.Retries = b.spend(x.Budget)
	for _, permit := range x.Renewals {
		r.Renewals = append(r.Renewals, b.permit(now, permit))
	}
	return r
}

// see notes that a process is alive, and returns how many are.
func (b *board) see(now micros, process string) int {
	maps.DeleteFunc(b.Processes, func(_ string, at micros) bool { return at+asMicros(LiveTime) <= now })
	set(&b.Processes, process, now)
	return len(b.Processes)
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

// permit grants a right to renew, or takes it back.
func (b *board) permit(now micros, p Permit) (wait time.Duration) {
	maps.DeleteFunc(b.Renewals, func(_ string, ends micros) bool { return ends <= now })
	if ends, isTaken := b.Renewals[p.Rejected]; isTaken && !p.Returns {
		return asDuration(ends - now)
	}
	if p.For > 0 {
		set(&b.Renewals, p.Rejected, now+asMicros(p.For))
	} else {
		delete(b.Renewals, p.Rejected)
	}
	return 0
}

func (b *board) limit(name string) *boardLimit {
	l, ok := b.Limits[name]
	if !ok {
		l = &boardLimit{}
		set(&b.Limits, name, l)
	}
	return l
}

func (b *board) outage(endpoint string) *boardOutage {
	o, ok := b.Outages[endpoint]
	if !ok {
		o = &boardOutage{}
		set(&b.Outages, endpoint, o)
	}
	return o
}

// forget drops what is as good as new. It reports whether nothing is left.
func (b *board) forget(now micros) (isEmpty bool) {
	maps.DeleteFunc(b.Limits, func(_ string, l *boardLimit) bool { return l.isNew(now) })
	maps.DeleteFunc(b.Outages, func(_ string, o *boardOutage) bool { return o.isOld(now) })
	maps.DeleteFunc(b.Renewals, func(_ string, ends micros) bool { return ends <= now })
	maps.DeleteFunc(b.Processes, func(_ string, at micros) bool { return at+asMicros(LiveTime) <= now })
	return len(b.Limits)+len(b.Outages)+len(b.Renewals)+len(b.Processes) == 0
}

// set sets an entry of a map that may be nil.
func set[V any](m *map[string]V, key string, value V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[key] = value
}
