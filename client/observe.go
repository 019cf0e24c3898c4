package client

import (
	"context"
	"errors"
	"log/slog"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A watch is who sees what a Client does.
type watch struct {
	observer Observer
	log      *slog.Logger // nil: none
}

// start calls a start hook, and returns the context of what starts.
func start[E any](ctx context.Context, hook func(context.Context, E) context.Context, e E) context.Context {
	if hook == nil {
		return ctx
	}
	if returned := hook(ctx, e); returned != nil {
		return returned
	}
	return ctx
}

// end calls an end hook.
func end[E any](ctx context.Context, hook func(context.Context, E), e E) {
	if hook != nil {
		hook(ctx, e)
	}
}

func (x *call) subject() Subject {
	return Subject{Vendor: x.c.profile.Name, Op: x.request.options.Op, Method: x.request.http.Method}
}

// startCall makes the context that the observer returns that of the call.
func (x *call) startCall() {
	if hook := x.c.watch.observer.CallStart; hook != nil {
		x.ctx = start(x.ctx, hook, CallEvent{Subject: x.subject(), Start: x.history.started})
		x.request.http = x.request.http.WithContext(x.ctx)
	}
}

// endCall reports how the call ended. An accepted failure is never silent.
func (x *call) endCall() {
	x.noteAccepted()
	if x.c.watch.observer.CallEnd == nil && x.c.watch.log == nil {
		return
	}
	h := x.history
	e := CallEvent{
		Subject: x.subject(), Start: h.started, Took: time.Since(h.started), Waited: h.waited, Attempts: h.attempts,
		Status: h.latest.Status, Applied: apierrors.AppliedYes, Err: x.err,
	}
	if f, ok := errors.AsType[*apierrors.Error](x.err); ok {
		e.Status, e.Class, e.Action, e.Stop, e.Code = f.Status, f.Class, f.Action, f.Stop, f.Code
		e.Rule, e.Applied, e.RetryAt = f.Rule, f.Applied, f.RetryAt
	}
	if x.accepted {
		d := x.last.decision
		e.Class, e.Action, e.Code, e.Rule, e.Applied = d.Class, d.Action, d.Code, d.Rule, d.Applied
	}
	end(x.ctx, x.c.watch.observer.CallEnd, e)
	if !x.request.isLookup { // the line of the look-up says the same
		x.c.watch.logCall(x.ctx, e)
	}
}

// startAttempt makes the context that the observer returns that of the attempt.
func (x *call) startAttempt(a *attempt) {
	o := x.c.watch.observer
	if a.observed = x.ctx; o.AttemptStart == nil && o.AttemptEnd == nil {
		return
	}
	a.url = apierrors.PrintableURL(x.destination.url)
	latest := x.history.latest
	a.observed = start(x.ctx, o.AttemptStart, AttemptEvent{
		Subject: x.subject(), Number: x.history.attempts, URL: a.url, Foreign: x.destination.isForeign,
		Start: latest.Start, Waited: latest.Wait,
	})
}

// endAttempt completes the entry of the latest attempt, which failed if j is not nil, and
// reports it.
func (x *call) endAttempt(status int, j *judgement, rule string) {
	var d policy.Decision
	if j != nil {
		d, rule = j.decision, j.decision.Rule
	}
	x.history.end(time.Now(), status, d.Class, d.Code, rule)
	if x.c.watch.observer.AttemptEnd == nil && x.c.watch.log == nil {
		return
	}
	a := x.history.latest
	e := AttemptEvent{
		Subject: x.subject(), Number: x.history.attempts, URL: x.attempt.url, Foreign: x.destination.isForeign,
		Start: a.Start, Waited: a.Wait, Took: a.Took, Status: status,
		Class: d.Class, Action: d.Action, Stop: d.Stop, Code: d.Code, Rule: rule, Applied: apierrors.AppliedYes, Delay: d.Delay,
	}
	if j != nil {
		e.Applied = d.Applied
	}
	end(x.attempt.observed, x.c.watch.observer.AttemptEnd, e)
	x.c.watch.logAttempt(x.attempt.observed, e)
}

// What a call waits for, beside gates and limits: see WaitEvent.For.
const (
	forBackoff = "backoff"
	forVendor  = "vendor"
	forRenewal = "renewal"
	forSettle  = "settle"
)

// A watchedWait is a wait for a gate or a limit, with its event.
type watchedWait struct {
	event WaitEvent
	ctx   context.Context
}

// startWait reports a wait under ctx. It stands for all those that follow until its end.
func (x *call) startWait(ctx context.Context, by string) *watchedWait {
	w := &watchedWait{event: WaitEvent{Subject: x.subject(), For: by, Start: time.Now()}}
	w.ctx = start(ctx, x.c.watch.observer.WaitStart, w.event)
	return w
}

// endWait reports the end of w, which may be nil.
func (x *call) endWait(w *watchedWait, stop apierrors.Stop) {
	if w == nil {
		return
	}
	w.event.Took, w.event.Stop = time.Since(w.event.Start), stop
	end(w.ctx, x.c.watch.observer.WaitEnd, w.event)
	x.c.watch.logWait(w.ctx, w.event)
}
