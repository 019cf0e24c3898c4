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

// pause holds back every call on the limit that d names; without a name, every call of
// the account.
func (x *call) pause(d policy.Decision) {
	r := traffic.Report{Pause: d.PauseFor}
	if limit, named := x.c.policy.LimitNamed(d.Limit); named {
		r.Limit = &limit
	}
	x.report(r)
}

// settle reports how the call ended to the calls of the account.
func (x *call) settle() {
	f, failed := errors.AsType[*apierrors.Error](x.err)
	switch {
	case x.err == nil:
		x.report(traffic.Report{Served: true})
	case failed && f.Action == apierrors.Surface:
		x.report(traffic.Report{Refused: true, Code: f.Code})
	}
}

// report reports to traffic how a request or the call ended.
func (x *call) report(r traffic.Report) {
	if x.destination.isForeign { // it says nothing about the vendor
		return
	}
	r.Account, r.Record, r.Full = x.request.account, x.request.record, *x.c.retry.Budget
	x.c.traffic.Done(x.ctx, time.Now(), r)
}
