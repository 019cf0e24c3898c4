package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/traffic"
)

// shared is what calls share, and what this Client knows of those that it holds back.
type shared struct {
	traffic.Shared
	waiters waiters
	pauses  pauses
}

// A turn is a call's among others.
type turn struct {
	place  traffic.Place // of the latest attempt, until it was reported; nil: it has none
	ticket uint64        // which all attempts keep; 0: there is none yet
	hold   time.Duration // for this call alone, after it was throttled
}

// admit waits until every gate is open and every limit has a place for the call. A wait
// that does not fit into the call is a *refusal. A foreign request meets no limit.
func (x *call) admit() error {
	if x.destination.isForeign {
		return nil
	}
	if x.outlivesKey(0) {
		return &refusal{&traffic.Refusal{By: "idempotency key"}, apierrors.StopUnsafe}
	}
	began := time.Now()
	longest, stop := x.c.policy.WaitLeft(x.timeState(began))
	place := x.c.traffic.Admit(x.ctx, began, traffic.Demand{
		Account: x.request.account, Record: x.request.record, Ticket: x.turn.ticket, MaxWait: longest,
		Priority: x.request.options.Priority, Weight: x.request.options.Weight,
		Limits:   x.c.policy.Limits(x.request.http.Method, x.request.path),
		Endpoint: x.request.endpoint, Retry: x.last != nil && x.last.decision.Action == apierrors.Retry,
		Repeatable: x.mayProbe(), NoHold: x.c.retry.Outage == policy.OutageDefer,
	})
	var w *watchedWait
	by := place.WaitsFor()
	if by != "" {
		w = x.startWait(x.ctx, by)
		defer func() { x.history.impose(time.Since(began)) }()
	}
	err := x.wait(place, by != "")
	if r, ok := errors.AsType[*traffic.Refusal](err); ok {
		x.endWait(w, stop)
		return &refusal{r, stop}
	}
	if err != nil {
		x.endWait(w, apierrors.StopCanceled)
		return err
	}
	x.endWait(w, apierrors.StopNone)
	x.turn.place, x.turn.ticket = place, place.Ticket()
	return nil
}

// wait waits for a place. The wait ends with the Client as well as with the call's context.
func (x *call) wait(place traffic.Place, waits bool) error {
	if !waits {
		return place.Wait(x.ctx)
	}
	before := x.ctx
	ctx, cancel := context.WithCancelCause(before)
	defer cancel(errEnded)
	x.c.traffic.waiters.add(x, cancel)
	defer x.c.traffic.waiters.remove(x)
	err := place.Wait(ctx)
	if err != nil && before.Err() == nil && ctx.Err() != nil {
		x.ctx = ctx // the call ends with it
	}
	return err
}

// A refusal is a wait for a gate or a limit that does not fit into the call.
type refusal struct {
	*traffic.Refusal
	stop apierrors.Stop
}

// pay pays a price. It reports whether the budget allows a retry.
func (x *call) pay(price int) bool {
	return x.destination.isForeign ||
		x.c.traffic.Pay(x.ctx, time.Now(), x.request.account, x.c.retry.BudgetPrices(), price)
}

// reportOf returns the report about a failed attempt: what its response asks of other
// calls, and how the call ends if it ends here.
func (x *call) reportOf(d policy.Decision) traffic.Report {
	r := traffic.Report{Pause: d.PauseFor, VendorPause: d.VendorPause, Served: x.accepted, Limits: d.Limits}
	if d.Class == apierrors.Partial && d.Applied == apierrors.AppliedYes {
		r.Served = true // as to what calls share, most of a batch is a success
	}
	if r.Health = x.healthOf(d); r.Health == traffic.Failing || r.Health == traffic.Unreachable {
		r.Cause = d.Class.String()
		if status := x.last.failure.Status; status > 0 {
			r.Cause += fmt.Sprintf(" (%d)", status)
		}
	}
	if len(d.Limits) > 0 {
		r.Guessed = !slices.Contains(x.last.failure.Limits, d.Limits[0].Name)
	}
	if f, ok := errors.AsType[*apierrors.Error](x.err); ok && f.Action == apierrors.Surface {
		r.Refused, r.Code = true, f.Code
	}
	return r
}

// mayProbe reports whether the request does no harm if it is executed twice, by its method or
// by the caller's word.
func (x *call) mayProbe() bool {
	o := x.request.options
	return o.Repeatable || x.c.hasHonoredKey(x.request, x.destination) || policy.IsIdempotent(x.request.http.Method)
}

// outage returns the outage that the call has to mind.
func (x *call) outage() traffic.Outage {
	if x.destination.isForeign {
		return traffic.Outage{}
	}
	return x.c.traffic.Outage(x.ctx, time.Now(), x.request.account, x.request.endpoint)
}

// healthOf returns what a failed attempt says about whether the vendor works.
func (x *call) healthOf(d policy.Decision) traffic.Health {
	switch isFailure := d.Class == apierrors.ServerError || d.Class == apierrors.Timeout || d.Class == apierrors.Network; {
	case x.attempt == nil, d.PauseFor > 0, d.Class == apierrors.Canceled, x.last.failure.Permanent, isNoHost(x.last.err):
		return traffic.NoHealth
	case !isFailure:
		return traffic.Working
	case x.attempt.answered.IsZero():
		return traffic.Unreachable
	default:
		return traffic.Failing
	}
}

// report reports to traffic how the latest attempt ended, if there was one. What happens
// elsewhere says nothing about the vendor.
func (x *call) report(r traffic.Report) {
	if x.turn.place == nil {
		return
	}
	if a := x.attempt; a != nil {
		r.Paid, r.Unsent, r.Answered, r.Quotas = a.paid, a.isUnsent, a.answered, a.quotas
	}
	r.Prices = x.c.retry.BudgetPrices()
	x.turn.hold = x.turn.place.Done(x.ctx, time.Now(), r)
	x.turn.place = nil
}
