package client

import (
	"context"
	"errors"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/traffic"
)

// admit waits until every gate is open and every limit has a place for the call. A wait
// that does not fit into the call is a *refusal. A foreign request meets no limit.
func (x *call) admit() error {
	if x.destination.isForeign {
		return nil
	}
	d := traffic.Demand{
		Account: x.request.account, Record: x.request.record,
		Limits: x.c.policy.Limits(x.request.http.Method, x.request.path),
	}
	var w *watchedWait
	for {
		longest, stop := x.c.policy.WaitLeft(x.timeState(time.Now()))
		d.MaxWait = longest
		v := x.c.traffic.Admit(x.ctx, time.Now(), d)
		switch {
		case v.Wait == 0:
			x.endWait(w, apierrors.StopNone)
			return nil
		case v.Refused:
			x.endWait(w, stop)
			return &refusal{by: v.By, wait: v.Wait, stop: stop, scope: v.Scope}
		case w == nil:
			w = x.startWait(v.By)
		}
		w.event.For, d.Booked = v.By, v.Booked
		if err := x.sleep(v.Wait); err != nil {
			x.endWait(w, apierrors.StopCanceled)
			return err
		}
	}
}

// sleep waits for the vendor or a limit, or until the context ends.
func (x *call) sleep(wait time.Duration) error {
	began := time.Now()
	defer func() { x.history.impose(time.Since(began)) }()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-x.ctx.Done():
		return context.Cause(x.ctx)
	}
}

// A refusal is a wait for a gate or a limit that does not fit into the call.
type refusal struct {
	by    string // such as "gate account"
	wait  time.Duration
	stop  apierrors.Stop
	scope apierrors.Scope
}

func (r *refusal) Error() string { return "held back by " + r.by }

// pay pays for a retry. It reports whether the budget had one.
func (x *call) pay() bool {
	return x.destination.isForeign ||
		x.c.traffic.Pay(x.ctx, time.Now(), x.request.account, *x.c.retry.Budget)
}

// reportOf returns the report about a failed attempt: what its response asks of other
// calls, and how the call ends if it ends here.
func (x *call) reportOf(d policy.Decision) traffic.Report {
	r := traffic.Report{Pause: d.PauseFor, Served: x.accepted}
	if limit, named := x.c.policy.LimitNamed(d.Limit); named {
		r.Limit, r.Guessed = &limit, x.last.failure.Limit == ""
	}
	if f, ok := errors.AsType[*apierrors.Error](x.err); ok && f.Action == apierrors.Surface {
		r.Refused, r.Code = true, f.Code
	}
	return r
}

// report reports to traffic how the latest attempt ended, if there was one. What happens
// elsewhere says nothing about the vendor.
func (x *call) report(r traffic.Report) {
	if x.attempt == nil || x.destination.isForeign {
		return
	}
	r.Paid = x.attempt.isPaid
	r.Account, r.Record, r.Full = x.request.account, x.request.record, *x.c.retry.Budget
	x.c.traffic.Done(x.ctx, time.Now(), r)
}
