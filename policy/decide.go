package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// Decide says what to do about a failed attempt. It is pure: the same failure and
// state give the same decision.
func (p Policy) Decide(f Failure, s State) Decision {
	code, r := p.classify(f, s)
	isFinal := r.Action == apierrors.Surface || r.Action == apierrors.FailFast
	saysEnough := slices.Contains(plainStatuses, f.Status) && !p.mayRepeat(Rule{}, s)
	if f.Truncated && code == "" && isFinal && !saysEnough {
		r = p.reread(r, s)
	}
	if r.Action == apierrors.Shrink && !s.CanShrink {
		fill(&r.Fallback, apierrors.Surface)
		r.Action = r.Fallback
	}
	d := Decision{
		Class: r.Class, Code: code, Action: r.Action, Applied: r.Applied, Scope: r.Scope,
		Summary: r.Summary, Hint: r.Hint, Rule: r.Name, Limit: f.Limit,
	}
	if s.UnknownBefore && d.Applied == apierrors.AppliedNo {
		d.Applied = apierrors.AppliedUnknown
	}
	return p.advise(p.act(d, r, f, s), s)
}

// act turns the rule's action into what the state of the call allows.
func (p Policy) act(d Decision, r Rule, f Failure, s State) Decision {
	switch r.Action {
	case apierrors.Retry, apierrors.Shrink:
		return p.onRetry(d, r, f, s)
	case apierrors.Throttle:
		return p.onThrottle(d, r, f, s)
	case apierrors.Refresh:
		return p.onRefresh(d, r, s)
	case apierrors.Defer:
		return p.onDefer(d, r, f, s)
	case apierrors.Accept:
		return onAccept(d, f)
	default:
		return p.onRefusal(d, r, s)
	}
}

// advise says first what is to be done about a call that was not sent again although its
// failure may pass: the failure's own hint tells to run it again.
func (p Policy) advise(d Decision, s State) Decision {
	first := ""
	switch d.Stop {
	case apierrors.StopUnsafe:
		first = "It may have been executed: find out before you send it again"
		if d.Applied == apierrors.AppliedYes {
			first = "It was executed, as the vendor said: do not send it again"
		}
		if e, ok := p.endpoint(s); ok && e.Lookup != "" {
			first += "; look it up by " + e.Lookup
		}
	case apierrors.StopBodySpent:
		first = "The body could be read only once: give one that can be read again, such as bytes, a file or GetBody"
	default:
		return d
	}
	d.Hint = strings.TrimSpace(first + ". " + d.Hint)
	return d
}

// onRetry backs off and sends again, within the attempts and the time for trying.
func (p Policy) onRetry(d Decision, r Rule, f Failure, s State) Decision {
	if r.Action == apierrors.Shrink {
		s.OneShotBody = false // the smaller request brings its own
	}
	if stop := p.forbids(r, s); stop != apierrors.StopNone {
		return stopped(d, stop, 0)
	}
	bounds, sent := p.bounds(r), max(s.Attempts, 1)
	d.VendorWait = f.Wait > 0
	delay := f.Wait
	if !d.VendorWait {
		delay = bounds.Backoff.wait(sent-1, s.Random)
	}
	switch {
	case sent >= bounds.MaxAttempts:
		return p.onLastAttempt(d, r, f, s)
	case s.Elapsed >= bounds.MaxElapsed, !d.VendorWait && delay >= bounds.MaxElapsed-s.Elapsed:
		return stopped(d, apierrors.StopElapsed, f.Wait)
	}
	if stop := p.Fits(delay, s); stop != apierrors.StopNone {
		return stopped(d, stop, f.Wait)
	}
	if s.OutOfBudget {
		return stopped(d, apierrors.StopBudget, f.Wait)
	}
	return again(d, delay)
}

// onLastAttempt ends a call whose attempts are used up, by the rule's last resort if it
// has one.
func (p Policy) onLastAttempt(d Decision, r Rule, f Failure, s State) Decision {
	after := f.Wait
	if r.Action == apierrors.Retry && r.Fallback != apierrors.ActionNone {
		d.Action, r.Action = r.Fallback, r.Fallback
	}
	switch r.Action {
	case apierrors.Surface, apierrors.FailFast:
		d = p.onRefusal(d, r, s)
		return stopped(d, apierrors.StopAttempts, 0)
	case apierrors.Defer:
		fill(&after, r.After)
	default:
	}
	return stopped(d, apierrors.StopAttempts, after)
}

// shortWait is what a second wait in a row must at least be to count as a pace: a
// vendor that goes on telling less is backed off from.
const shortWait = time.Second

// onThrottle closes the limit's gate and sends again when it opens. It costs wait, and
// no attempts. If the wait does not fit, the call is deferred; the gate closes anyway.
func (p Policy) onThrottle(d Decision, r Rule, f Failure, s State) Decision {
	bounds := p.bounds(r)
	delay := f.Wait
	fill(&delay, r.After)
	if delay == 0 || (delay < shortWait && s.Throttled > 0) {
		delay = max(delay, bounds.Backoff.wait(s.Throttled, s.Random))
	}
	d.PauseFor, d.VendorWait = delay, true
	if stop := p.forbids(r, s); stop != apierrors.StopNone {
		return stopped(d, stop, delay)
	}
	stop := p.Fits(delay, s)
	if stop == apierrors.StopNone && s.Elapsed >= bounds.MaxElapsed {
		stop = apierrors.StopElapsed
	}
	if stop != apierrors.StopNone {
		d.Action = apierrors.Defer
		return stopped(d, stop, delay)
	}
	return again(d, delay)
}

// onRefresh sends again at once; the client renews the credential before.
func (p Policy) onRefresh(d Decision, r Rule, s State) Decision {
	if stop := p.forbids(r, s); stop != apierrors.StopNone {
		return stopped(d, stop, 0)
	}
	if stop := p.Fits(0, s); stop != apierrors.StopNone {
		return stopped(d, stop, 0)
	}
	return again(d, 0)
}

// onDefer leaves the call to the scheduler, unless it may have been applied: then
// another run is no safer than a repeat.
func (p Policy) onDefer(d Decision, r Rule, f Failure, s State) Decision {
	after := f.Wait
	fill(&after, r.After)
	if !p.mayRepeat(r, s) {
		return stopped(d, apierrors.StopUnsafe, 0)
	}
	return stopped(d, apierrors.StopMaxWait, after)
}

// onAccept takes the failure for a success, if an answer came that can be one.
func onAccept(d Decision, f Failure) Decision {
	if f.Status == 0 {
		d.Action = apierrors.Surface
		return stopped(d, apierrors.StopPermanent, 0)
	}
	return d
}

// onRefusal surfaces the failure or stops the job. A record's failure becomes the job's
// when the same code has come too often in a row.
func (p Policy) onRefusal(d Decision, r Rule, s State) Decision {
	limit := p.bounds(r).EscalateAfter
	isSame := d.Code != "" && s.SurfacedCode == d.Code
	if r.Action == apierrors.Surface && limit > 0 && s.Surfaced >= limit && isSame {
		d.Action = apierrors.FailFast
		d.Rule += fmt.Sprintf(", %d times in a row", s.Surfaced+1)
	}
	return stopped(d, apierrors.StopPermanent, 0)
}

func again(d Decision, delay time.Duration) Decision {
	d.Retry, d.Delay = true, delay
	return d
}

// stopped ends the call. After is when to run it again; a call that may have been
// applied is never run again by the clock.
func stopped(d Decision, why apierrors.Stop, after time.Duration) Decision {
	d.Stop, d.RetryIn = why, after
	if why == apierrors.StopUnsafe {
		d.RetryIn = 0
	}
	return d
}

// Fits reports whether a wait still fits into the call: StopNone if so, else
// StopDeadline or StopWait. A wait that cannot finish is not to be begun.
func (p Policy) Fits(wait time.Duration, s State) apierrors.Stop {
	maxWait := s.MaxWait
	fill(&maxWait, p.Retry().MaxWait)
	switch {
	case s.Remaining != 0 && wait >= s.Remaining:
		return apierrors.StopDeadline
	case wait > maxWait-s.Waited:
		return apierrors.StopMaxWait
	default:
		return apierrors.StopNone
	}
}

// bounds are the policy's bounds with what the rule states over them.
func (p Policy) bounds(r Rule) Retry {
	return Retry{
		MaxAttempts: r.MaxAttempts, Backoff: r.Backoff, MaxElapsed: r.MaxElapsed, EscalateAfter: r.EscalateAfter,
	}.over(p.Retry())
}
