package policy

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// Decide returns what to do about a failed attempt. It is a pure function: the same
// failure and state give the same decision.
func (p Policy) Decide(f Failure, s State) Decision {
	if f.Batch != nil {
		return p.decideBatch(f, s)
	}
	code, r := p.classify(f, s)
	isFinal := r.Action == apierrors.Surface || r.Action == apierrors.FailFast
	isPlain := slices.Contains(plainStatuses, f.Status) && !p.mayRepeat(Rule{}, s)
	if f.Truncated && code == "" && isFinal && !isPlain {
		r = p.truncatedRule(r, s)
	}
	if r.Action == apierrors.Shrink && !s.CanShrink {
		r.Fallback = cmp.Or(r.Fallback, apierrors.Surface)
		r.Action = r.Fallback
	}
	if s.replays(f, r) && !f.AsksRetry {
		f.NoRetry, r.Hint = true, replayHint+r.Hint
	}
	if f.AsksRetry && !f.NoRetry && (r.Action == apierrors.Surface || r.Action == apierrors.FailFast) {
		r.Action, r.Name = apierrors.Retry, r.Name+", to be retried"
	}
	if f.NoRetry && slices.Contains(repeating, r.Action) {
		r.Action, r.Name = apierrors.Surface, r.Name+", not to be retried"
	}
	if s.Absent {
		r.Applied = new(apierrors.AppliedNo)
	}
	d := Decision{ // a rule without Applied leaves the outcome unknown
		Class: r.Class, Code: code, Action: r.Action, Applied: valueOf(r.Applied), Scope: r.Scope,
		Summary: r.Summary, Hint: r.Hint, Rule: r.Name, Limits: p.limitsNamed(f.Limits), RetryIn: f.Wait,
	}
	d.Applied = s.Before.After(d.Applied).Applied()
	d = p.withAdvice(p.withinKey(p.act(d, r, f, s), r, s), s)
	d.Price = p.price(d)
	return d
}

// repeating are the actions that repeat the same request, here or later.
var repeating = []apierrors.Action{apierrors.Retry, apierrors.Throttle, apierrors.Defer}

// act does what the rule's action says, as far as the state of the call allows.
func (p Policy) act(d Decision, r Rule, f Failure, s State) Decision {
	switch r.Action {
	case apierrors.Retry, apierrors.Shrink:
		return p.onRetry(d, r, f, s)
	case apierrors.Throttle:
		return p.onThrottle(d, r, f, s)
	case apierrors.Refresh:
		return p.onRefresh(d, r, s)
	case apierrors.Defer:
		return p.onDefer(d, r, s)
	case apierrors.Accept:
		return onAccept(d, f)
	default:
		return p.onRefusal(d, r, f, s)
	}
}

// withAdvice adds to the hint, which is about the failure, whether the call may be run again.
func (p Policy) withAdvice(d Decision, s State) Decision {
	isContested := d.Class == apierrors.Conflict || d.Class == apierrors.AlreadyExists
	if isContested && s.Before != NotApplied && !d.Retry {
		d.Hint = "The other write may be an earlier attempt of this call: read the current state before you repeat it. " + d.Hint
	}
	switch d.Stop {
	case apierrors.StopNone, apierrors.StopPermanent:
	case apierrors.StopUnsafe:
		d.Hint = p.unsafeAdvice(d, s) + " " + d.Hint
	case apierrors.StopBodySpent:
		d.Hint = "The request body can be read only once: use one that can be read again, such as bytes, a file or GetBody. " + d.Hint
	default:
		if d.Action == apierrors.Retry {
			d.Hint += " Run the call again later."
		}
	}
	return d
}

// unsafeAdvice says what to do about a write that is not retried as that may be unsafe.
func (p Policy) unsafeAdvice(d Decision, s State) string {
	lookup := p.lookupText(s)
	if lookup != "" {
		lookup = "; look it up with " + lookup
	}
	if d.Applied == apierrors.AppliedYes {
		return "The vendor executed the request: do not repeat it" + lookup + "."
	}
	return "The vendor may have executed the request: find out before you repeat it" + lookup +
		". If a repeat does no harm, say so: CallOptions.Repeatable, or an endpoint that is repeatable."
}

// onRetry retries after a backoff, within the bounds.
func (p Policy) onRetry(d Decision, r Rule, f Failure, s State) Decision {
	if r.Action == apierrors.Shrink {
		s.OneShotBody = false // the smaller request has another body
	}
	if f.Permanent && p.mayRepeat(r, s) {
		d.Action, r.Action = apierrors.Surface, apierrors.Surface
		return p.onRefusal(d, r, f, s)
	}
	if stop := p.whyNotRepeat(r, s); stop != apierrors.StopNone {
		return stopped(d, stop)
	}
	if f.Stale && !s.StaleBefore && !p.isSingle(r, s) && p.whyNotWait(0, s) == apierrors.StopNone {
		return free(d, 0)
	}
	if s.InOutage && r.Action == apierrors.Retry && !p.isSingle(r, s) && p.whyNotWait(0, s) == apierrors.StopNone {
		d.InOutage = true
		return free(d, 0)
	}
	bounds, attempts := p.bounds(r), max(s.Attempts, 1)
	maxAttempts := cmp.Or(s.MaxAttempts, bounds.MaxAttempts)
	d.VendorWait = f.Wait > 0
	delay := f.Wait
	if !d.VendorWait {
		delay = bounds.Backoff.wait(attempts-1, s.Random)
	}
	switch {
	case attempts >= maxAttempts:
		return p.onLastAttempt(d, r, f, s)
	case s.Elapsed >= bounds.MaxElapsed, !d.VendorWait && delay >= bounds.MaxElapsed-s.Elapsed:
		return stopped(d, apierrors.StopElapsed)
	}
	if stop := p.whyNotWait(delay, s); stop != apierrors.StopNone {
		return stopped(d, stop)
	}
	if s.OutOfBudget {
		return stopped(d, apierrors.StopBudget)
	}
	return retried(d, delay)
}

// onLastAttempt ends a call that has no attempts left, with the rule's fallback if it has
// one.
func (p Policy) onLastAttempt(d Decision, r Rule, f Failure, s State) Decision {
	if r.Action == apierrors.Retry && r.Fallback != apierrors.ActionNone {
		d.Action, r.Action = r.Fallback, r.Fallback
	}
	switch r.Action {
	case apierrors.Surface, apierrors.FailFast:
		d = p.onRefusal(d, r, f, s)
	case apierrors.Defer:
		setDefault(&d.RetryIn, r.After)
	default:
	}
	return stopped(d, apierrors.StopAttempts)
}

// maxPause is the longest pause of the calls under a limit. A vendor's number may be wrong: a
// longer one is told to the caller, and the vendor is asked again after a day.
const maxPause = 24 * time.Hour

// shortWait is the shortest wait that is obeyed several times in a row. If a vendor keeps
// asking for less, the client backs off.
const shortWait = time.Second

// maxThrottled is how many requests of a call may be throttled.
const maxThrottled = 10

// onThrottle pauses the calls under the limit, and retries after the pause. This costs no
// attempt, but cannot go on for ever. If the wait does not fit into the call, the call is
// deferred, and the others are paused all the same.
func (p Policy) onThrottle(d Decision, r Rule, f Failure, s State) Decision {
	bounds := p.bounds(r)
	delay := cmp.Or(f.Wait, r.After)
	d.PauseFor, d.VendorPause = min(delay, maxPause), delay > 0
	if delay == 0 || (delay < shortWait && s.Throttled > 0) {
		delay = max(delay, bounds.Backoff.wait(s.Throttled, s.Random))
		d.PauseFor = max(d.PauseFor, bounds.Backoff.wait(0, s.Random), bounds.Backoff.Base/4)
	}
	d.RetryIn, d.VendorWait = delay, true
	if d.Limits == nil {
		d.Limits = p.narrowestLimit(f.Wait, s)
	}
	if stop := p.whyNotRepeat(r, s); stop != apierrors.StopNone {
		return stopped(d, stop)
	}
	stop := p.whyNotWait(delay, s)
	switch {
	case stop != apierrors.StopNone:
	case s.Elapsed >= bounds.MaxElapsed:
		stop = apierrors.StopElapsed
	case p.isSingle(r, s), s.Throttled+1 >= maxThrottled:
		stop = apierrors.StopAttempts
	case s.OutOfBudget && p.price(Decision{Action: r.Action, Retry: true}) > 0:
		stop = apierrors.StopBudget
	}
	if stop != apierrors.StopNone {
		d.Action = apierrors.Defer
		return stopped(d, stop)
	}
	return free(d, delay)
}

// onRefresh retries at once. The client renews the credential before it does.
func (p Policy) onRefresh(d Decision, r Rule, s State) Decision {
	if stop := p.whyNotRepeat(r, s); stop != apierrors.StopNone {
		return stopped(d, stop)
	}
	if stop := p.whyNotWait(0, s); stop != apierrors.StopNone {
		return stopped(d, stop)
	}
	if p.isSingle(r, s) {
		return stopped(d, apierrors.StopAttempts)
	}
	return free(d, 0)
}

// isSingle reports whether the call may make one request only, also if the first one was
// throttled or met an expired token.
func (p Policy) isSingle(r Rule, s State) bool {
	return cmp.Or(s.MaxAttempts, p.bounds(r).MaxAttempts) == 1
}

// onDefer leaves the call to a scheduler. A call that must not be repeated is not
// deferred, because a later run would repeat it.
func (p Policy) onDefer(d Decision, r Rule, s State) Decision {
	if !p.mayRepeat(r, s) {
		return stopped(d, apierrors.StopUnsafe)
	}
	setDefault(&d.RetryIn, r.After)
	return stopped(d, apierrors.StopMaxWait)
}

// onAccept treats the failure as a success. Without a response there is nothing that
// could be returned, so the failure is surfaced.
func onAccept(d Decision, f Failure) Decision {
	if f.Status == 0 {
		d.Action = apierrors.Surface
		return stopped(d, apierrors.StopPermanent)
	}
	d.RetryIn = 0
	return d
}

// onRefusal surfaces the failure or stops the job. A failure that is to be surfaced stops
// the job if EscalateAfter calls before it were surfaced with the same code. A wait that the
// response asks for is kept if a later run cannot execute a write twice.
func (p Policy) onRefusal(d Decision, r Rule, f Failure, s State) Decision {
	if f.NoRetry || !p.mayRepeat(r, s) {
		d.RetryIn = 0
	}
	limit := *p.bounds(r).EscalateAfter
	isSame := d.Code != "" && s.SurfacedCode == d.Code
	if r.Action == apierrors.Surface && limit > 0 && s.Surfaced >= limit && isSame {
		d.Action = apierrors.FailFast
		d.Rule += fmt.Sprintf(", %d times in a row", s.Surfaced+1)
	}
	return stopped(d, apierrors.StopPermanent)
}

// retried returns d with a retry after delay.
func retried(d Decision, delay time.Duration) Decision {
	d.Retry, d.Delay, d.RetryIn = true, delay, 0
	return d
}

// free returns d with a retry after delay that costs nothing.
func free(d Decision, delay time.Duration) Decision {
	d.Free = true
	return retried(d, delay)
}

// stopped returns d with the end of the call. If the request may have been executed, a
// later run is not safe either, and d has no time for it.
func stopped(d Decision, why apierrors.Stop) Decision {
	d.Stop = why
	if why == apierrors.StopUnsafe {
		d.RetryIn = 0
	}
	return d
}
