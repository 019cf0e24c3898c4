package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A call that would end with applied: unknown is looked up, if it is known how. That is done when
// its attempts have ended and were reported, so that it holds no place in a limit meanwhile.

// inDoubt returns the error of a write that may have been executed; nil: it ended in another way.
func (x *call) inDoubt() *apierrors.Error {
	e, ok := errors.AsType[*apierrors.Error](x.err)
	if !ok || e.Applied != apierrors.AppliedUnknown || policy.IsSafe(x.request.http.Method) {
		return nil
	}
	return e
}

// resolve looks up a call that ended in doubt. It reports whether the call goes on, as its write
// was not executed and may be retried.
func (x *call) resolve() (again bool) {
	e := x.inDoubt()
	if e == nil {
		return false
	}
	l, ok := x.lookup()
	if !ok {
		return false
	}
	filled, wait, problem := x.prepareLookup(l)
	if problem != "" {
		e.Lookup = "not made: " + problem
		return false
	}
	found := x.lookUp(filled, wait)
	e.Lookup = found.text(l)
	x.history.prove(found.applied)
	switch {
	case found.applied == apierrors.AppliedYes:
		x.settleAsExecuted(e)
	case x.ctx.Err() != nil:
		x.err = x.canceledAfter(e)
	case found.applied == apierrors.AppliedNo:
		return x.decideAgain(e)
	}
	return false
}

// canceledAfter returns the error for a call whose context ended during its look-up. Through
// HTTP(), where a response may stand, it is that of the attempt.
func (x *call) canceledAfter(e *apierrors.Error) *apierrors.Error {
	if x.dropIn {
		e.Applied = x.history.applied(apierrors.AppliedNo)
		return e
	}
	ended := x.canceled(x.last)
	ended.Lookup = e.Lookup
	return ended
}

// lookup returns how to look up the call: by the caller's word, or by the policy's. What has no
// response of its own cannot succeed through HTTP(), so only the caller can ask for it there.
func (x *call) lookup() (policy.Lookup, bool) {
	switch {
	case x.destination.crossedOrigin, x.request.part != nil: // a part of a batch is looked up by the caller
		return policy.Lookup{}, false
	case x.request.options.Lookup != nil:
		return *x.request.options.Lookup, true
	case x.dropIn || x.destination.isForeign:
		return policy.Lookup{}, false
	}
	l, _, ok := x.c.policy.LookupFor(x.request.http.Method, x.request.path)
	return l, ok
}

// prepareLookup returns the look-up with its values and the wait before it, or why it cannot be
// made.
func (x *call) prepareLookup(l policy.Lookup) (filled policy.Lookup, wait time.Duration, problem string) {
	if x.ctx.Err() != nil {
		return l, 0, contextEnded
	}
	now := time.Now()
	s := x.timeState(now)
	s.MaxAttempts = x.request.options.MaxAttempts
	wait, stop := x.c.policy.LookupIn(l, x.history.sinceEnd(now), s)
	if stop != apierrors.StopNone {
		return l, 0, stop.Sentence()
	}
	filled, missing := l.Fill(x.valueOf)
	if missing != "" {
		problem = "the request has no {" + missing + "}"
	}
	return filled, wait, problem
}

const contextEnded = "the call's context has ended"

// A lookedUp is what a look-up found out.
type lookedUp struct {
	status  int
	class   apierrors.Class // of its failure
	stop    apierrors.Stop
	answer  policy.LookupAnswer
	applied apierrors.Applied
}

// lookUp waits until the vendor cannot execute the call any more, and looks it up.
func (x *call) lookUp(l policy.Lookup, wait time.Duration) lookedUp {
	e := LookupEvent{Subject: x.subject(), Start: time.Now()}
	ctx := start(x.ctx, x.c.watch.observer.LookupStart, e)
	var found lookedUp
	if x.sleep(ctx, wait) {
		since := x.history.sinceEnd(time.Now())
		found = x.askVendor(ctx, l)
		found.applied = l.Proves(found.answer, since)
	}
	e.Took, e.Status, e.Class, e.Answer, e.Applied = time.Since(e.Start), found.status, found.class, found.answer, found.applied
	end(ctx, x.c.watch.observer.LookupEnd, e)
	x.c.watch.logLookup(ctx, e)
	return found
}

// sleep waits, as a part of the call's MaxWait, until the call or the Client ends. It reports
// whether the wait was long enough. The Observer gets ctx.
func (x *call) sleep(ctx context.Context, wait time.Duration) bool {
	if wait <= 0 {
		return true
	}
	w := x.startWait(ctx, forSettle)
	sleeping, cancel := context.WithCancelCause(x.ctx)
	defer cancel(errEnded)
	x.c.traffic.waiters.add(x, cancel)
	defer x.c.traffic.waiters.remove(x)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	stop := apierrors.StopNone
	select {
	case <-timer.C:
	case <-sleeping.Done():
		stop = apierrors.StopCanceled
		if x.ctx.Err() == nil {
			x.ctx = sleeping // the Client was closed
		}
	}
	x.history.impose(time.Since(w.event.Start))
	x.endWait(w, stop)
	return stop == apierrors.StopNone
}

// settleAsExecuted ends the call as one that was executed. Do has a value to return, which is
// zero. Send and HTTP have no response: the one that the write had is lost.
func (x *call) settleAsExecuted(e *apierrors.Error) {
	if x.decode != nil {
		d := &x.last.decision
		d.Action, d.Applied, d.Rule = apierrors.Accept, apierrors.AppliedYes, d.Rule+", found by a look-up"
		x.accepted, x.err = true, nil
		return
	}
	e.Action, e.Stop, e.Applied, e.RetryAt = apierrors.Accept, apierrors.StopPermanent, apierrors.AppliedYes, time.Time{}
	e.Hint = "A look-up found that the vendor executed the request: do not repeat it. Its response is lost."
}

// isFound reports whether the call succeeded by a look-up alone, so that there is no response.
func (x *call) isFound() bool { return x.accepted && x.history.proved == apierrors.AppliedYes }

// decideAgain decides about the latest failure of a call that was proved not to have been
// executed. It reports whether the call goes on.
func (x *call) decideAgain(e *apierrors.Error) (again bool) {
	if x.last == nil { // an earlier call left the doubt, and no request of this one failed
		e.Applied = apierrors.AppliedNo
		return false
	}
	x.err, x.kept = nil, nil
	x.decide(x.last)
	if again, _ = x.act(x.last); again {
		return true
	}
	if ended, ok := errors.AsType[*apierrors.Error](x.err); ok {
		ended.Lookup = e.Lookup
	}
	return false
}

// text says what was found, without a text of the vendor.
func (f lookedUp) text(l policy.Lookup) string {
	what := f.answer.String()
	if f.class != apierrors.None {
		what = "failed with " + f.class.String()
	}
	if f.status != 0 {
		what += fmt.Sprintf(" (%d)", f.status)
	}
	if f.class != apierrors.None && f.stop > apierrors.StopPermanent {
		what += ", " + f.stop.Sentence()
	}
	switch {
	case f.answer == policy.LookupUnclear && f.status == 0 && f.class == apierrors.None:
		return "not made: " + contextEnded
	case f.answer == policy.LookupAbsent && f.applied != apierrors.AppliedNo && !l.Consistent:
		return what + ", which proves nothing, as its reads are not known to be consistent"
	default:
		return what
	}
}
