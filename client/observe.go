package client

import (
	"errors"
	"net/http"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/traffic"
)

// note completes the attempt's entry and tells the observer.
func (x *call) note(o *outcome) {
	d := o.decision
	x.unknownBefore = x.unknownBefore || d.Applied != apierrors.AppliedNo
	if x.attempt == nil {
		return
	}
	a := &x.attempts[len(x.attempts)-1]
	a.Took, a.Status, a.Class, a.Code, a.Reason = time.Since(a.Start), o.failure.Status, d.Class, d.Code, d.Rule
	x.emit(Event{
		Kind: EventAttempt, Attempt: len(x.attempts), Status: a.Status, Class: d.Class, Action: d.Action, Stop: d.Stop,
		Code: d.Code, Scope: d.Scope, Rule: d.Rule, Took: a.Took, Wait: d.Delay,
	})
}

func (x *call) succeeded(resp *http.Response) {
	a := &x.attempts[len(x.attempts)-1]
	a.Took, a.Status = time.Since(a.Start), resp.StatusCode
	x.emit(Event{Kind: EventAttempt, Attempt: len(x.attempts), Status: a.Status, Took: a.Took})
}

// ended tells the observer of the whole call. An accepted failure is never silent.
func (x *call) ended(err error) {
	failed, isFailure := errors.AsType[*apierrors.Error](err)
	switch {
	case err == nil:
		x.report(traffic.Report{Served: true})
	case isFailure && failed.Action == apierrors.Surface:
		x.report(traffic.Report{Refused: true, Code: failed.Code})
	}
	e := Event{Kind: EventCall, Attempt: len(x.attempts), Took: time.Since(x.started), Wait: x.waited, Err: err}
	if f, ok := errors.AsType[*apierrors.Error](err); ok {
		e.Status, e.Class, e.Action, e.Stop, e.Code, e.Scope, e.Rule = f.Status, f.Class, f.Action, f.Stop, f.Code, f.Scope, f.Reason
	}
	if x.accepted {
		d := x.last.decision
		e.Status, e.Class, e.Action, e.Code, e.Scope, e.Rule = x.last.failure.Status, d.Class, d.Action, d.Code, d.Scope, d.Rule
	}
	x.emit(e)
}

// emit tells the observer and the log of e.
func (x *call) emit(e Event) {
	if x.c.observe == nil && x.c.log == nil {
		return
	}
	e.Vendor, e.Op, e.Method = x.c.vendor.Name(), x.options.Op, x.req.Method
	if x.c.observe != nil {
		x.c.observe(x.ctx, e)
	}
	if x.c.log != nil {
		e.log(x.ctx, x.c.log)
	}
}
