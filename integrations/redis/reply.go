package retrywiseredis

import (
	"fmt"
	"strconv"
	"time"

	"github.com/retrywise/retrywise/traffic"
)

// A reply is a list of the script's reply that is read from the front. The first thing that is not
// as expected becomes the error of all lists, and ends them.
type reply struct {
	rest []any
	err  *error
}

// decode reads the reply of the script.
func decode(whole any) (traffic.Result, error) {
	var err error
	outer := reply{[]any{whole}, &err}
	all := outer.list()
	r := traffic.Result{Processes: all.count(), Retries: all.count()}
	for grants := all.list(); grants.hasMore(); {
		r.Limits = append(r.Limits, grants.list().grant())
	}
	for views := all.list(); views.hasMore(); {
		v := views.list()
		r.Outages = append(r.Outages, traffic.View{
			State: traffic.OutageState(v.count()), Since: v.duration(), Failures: v.count(),
			Cause: v.text(), NextProbe: v.duration(), Granted: v.count() == 1,
		})
	}
	for waits := all.list(); waits.hasMore(); {
		r.Renewals = append(r.Renewals, waits.duration())
	}
	if err != nil {
		return traffic.Result{}, err
	}
	return r, nil
}

func (r *reply) grant() traffic.Grant {
	return traffic.Grant{
		Now: r.count(), Later: r.count(), First: r.duration(), Apart: r.duration(),
		Hold: r.count(), Wait: r.duration(), Closed: r.duration(),
		Learned: r.list().pace(), Leads: r.count() == 1, Evidence: r.list().evidence(),
	}
}

func (r *reply) pace() traffic.Pace { return traffic.Pace{PerSecond: r.number(), Burst: r.count()} }

func (r *reply) evidence() traffic.Evidence {
	return traffic.Evidence{
		Accepted: r.count(), Refused: r.count(), Left: r.duration(), Wait: r.duration(), ByVendor: r.count() == 1,
	}
}

func (r *reply) hasMore() bool { return len(r.rest) > 0 && *r.err == nil }

func (r *reply) list() *reply { return &reply{next[[]any](r), r.err} }

func (r *reply) text() string { return next[string](r) }

func (r *reply) count() int { return int(next[int64](r)) }

// number reads a number that is not whole, which a reply can only have as a text.
func (r *reply) number() float64 {
	text := r.text()
	n, err := strconv.ParseFloat(text, 64)
	if err != nil && *r.err == nil {
		*r.err = fmt.Errorf("retrywiseredis: the reply of the script has %q in place of a number", text)
	}
	return n
}

func (r *reply) duration() time.Duration { return time.Duration(next[int64](r)) * time.Microsecond }

// next takes what comes next.
func next[T any](r *reply) T {
	var value T
	switch {
	case *r.err != nil:
	case len(r.rest) == 0:
		*r.err = fmt.Errorf("retrywiseredis: the reply of the script ends before a %T", value)
	default:
		var ok bool
		if value, ok = r.rest[0].(T); !ok {
			*r.err = fmt.Errorf("retrywiseredis: the reply of the script has a %T in place of a %T", r.rest[0], value)
		}
		r.rest = r.rest[1:]
	}
	return value
}
