package fake

import (
	"net/http"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A meterKey is what a limit is counted for.
type meterKey struct{ limit, of string }

// subject returns what requests of a limit are counted together for. record is that of the request.
func subject(l policy.Limit, path, record string) meterKey {
	switch l.Scope {
	case apierrors.ScopeEndpoint:
		return meterKey{l.Name, policy.EndpointOf(path)}
	case apierrors.ScopeRecord:
		return meterKey{l.Name, record}
	default:
		return meterKey{l.Name, ""}
	}
}

// An admission is what a request took of the limits, and what was left of them then.
type admission struct {
	parts  []part
	quotas []policy.Quota
}

// A part is what a request took of one limit.
type part struct {
	meter   *meter
	arrival *arrival
}

// admit takes a request's part of each limit, or returns the vendor's refusal.
func (a *API) admit(r *http.Request) (admission, *policy.Answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	to := policy.Answer{Method: r.Method, Path: a.pathOf(r), Received: now}
	limits := a.enforced(to)
	for _, l := range limits {
		wait, isWithin := a.meterOf(l, r).fits(now, a.cost(l, r))
		if isWithin {
			continue
		}
		a.refused[l.Name]++
		if a.options.HideWaits {
			wait = 0
		}
		refusal := a.vendor.Refusal(l, wait, to)
		return admission{}, &refusal
	}
	var taken admission
	for _, l := range limits {
		m := a.meterOf(l, r)
		taken.parts = append(taken.parts, part{m, m.take(now, a.cost(l, r))})
		taken.quotas = append(taken.quotas, m.quota(now, a.cost(l, r)))
	}
	return taken, nil
}

// enforced returns the limits that a request falls under and that are in force.
func (a *API) enforced(to policy.Answer) []policy.Limit {
	var limits []policy.Limit
	for _, l := range a.policy.Limits(to.Method, to.Path) {
		if !l.Off {
			limits = append(limits, l)
		}
	}
	return limits
}

// meterOf returns the meter of a limit for a request. The caller holds the lock.
func (a *API) meterOf(l policy.Limit, r *http.Request) *meter {
	path := a.pathOf(r)
	record := path
	if a.options.Record != nil {
		record = a.options.Record(r)
	}
	key := subject(l, path, record)
	if a.meters[key] == nil {
		a.meters[key] = &meter{limit: l}
	}
	return a.meters[key]
}

// cost returns how many requests, or points, a request takes of a limit.
func (a *API) cost(l policy.Limit, r *http.Request) int {
	switch {
	case l.Cost == 0:
		return 1
	case a.options.Cost != nil:
		return a.options.Cost(r)
	default:
		return l.Cost
	}
}

// release returns the slots of a request that has ended, and corrects what it took, as its response
// says. The response may also free a slot of an earlier request.
func (a *API) release(r *http.Request, taken admission, seen *recorder) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	for _, p := range taken.parts {
		p.meter.end(now, seen.isSuccess())
	}
	quotas := a.vendor.Profile().Quotas
	if quotas == nil {
		return
	}
	response := policy.Answer{Status: seen.status, Header: seen.Header(), Body: seen.body.Bytes(), Method: r.Method, Path: a.pathOf(r), Received: now}
	for _, q := range quotas(response) {
		if m := a.meters[meterKey{q.Limit, ""}]; q.Freed && m != nil {
			m.free()
		}
		for _, p := range taken.parts {
			if q.Spent > 0 && p.meter.limit.Name == q.Limit {
				p.meter.correct(p.arrival, q.Spent)
			}
		}
	}
}
