package traffic

import (
	"context"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A Status is what holds back the calls of an account at a moment.
type Status struct {
	Account  Account
	Waiting  int      // requests that wait
	UnderWay int      // requests that were sent and have not ended
	Retries  int      // that the budget still has, or 0 if it is used up
	Outages  []Outage // that are not over
	Gates    []Gate   // that are closed

	// Limits are those that bound requests, by name: one for each that is declared and was met,
	// and one without a name for what was announced or learned of the account as a whole.
	Limits []LimitUse
}

// A Gate is a limit that a response closed.
type Gate struct {
	Limit string          // its name; empty: the account's own
	Scope apierrors.Scope // what it holds back; the limits of several records are one each
	Until time.Time       // when one request may find out whether it is over
}

// Status implements Shared.
func (m *Memory) Status(_ context.Context, now time.Time, p policy.Prices) []Status {
	var all []Status
	for _, q := range m.all() {
		all = append(all, q.status(now, p))
	}
	return all
}

func (q *queue) status(now time.Time, p policy.Prices) Status {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := Status{Account: q.account, Waiting: q.waiting.Len(), UnderWay: q.own.under, Retries: q.budget.left(p)}
	for _, o := range q.outages.active {
		if o.state != Healthy {
			s.Outages = append(s.Outages, *o.status())
		}
	}
	for l := range q.all() {
		if l.gate.until.After(now) {
			s.Gates = append(s.Gates, Gate{Limit: l.key.limit, Scope: l.scope, Until: l.gate.until})
		}
	}
	s.Limits = q.uses(now)
	return s
}

// all returns the queues of all accounts, the one that was made first first.
func (m *Memory) all() []*queue {
	m.mu.RLock()
	defer m.mu.RUnlock()
	all := make([]*queue, 0, m.oldest.Len())
	for e := m.oldest.Front(); e != nil; e = e.Next() {
		q, _ := e.Value.(*queue)
		all = append(all, q)
	}
	return all
}
