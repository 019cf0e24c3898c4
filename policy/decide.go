package policy

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// Decide says what to do about a failed attempt. It is pure: the same failure and
// state give the same decision.
func (p Policy) Decide(f Failure, s State) Decision {
	code, r := p.judge(f, s)
	isFinal := r.Action == apierrors.Surface || r.Action == apierrors.FailFast
	if f.Cut && code == "" && isFinal && p.mayRepeat(Rule{}, s) {
		r = p.reread(r, s)
	}
	d := Decision{
		Class: r.Class, Code: code, Action: r.Action, Applied: r.Applied, Scope: r.Scope,
		Summary: r.Summary, Hint: r.Hint, Rule: r.Name, Limit: f.Limit, After: f.Wait,
	}
	if s.UnknownBefore && d.Applied == apierrors.AppliedNo {
		d.Applied = apierrors.AppliedUnknown
	}
	if r.Action == apierrors.Shrink && !s.CanShrink {
		r.Action = r.Otherwise
		d.Action = r.Action
	}
	switch r.Action {
	case apierrors.Retry, apierrors.Shrink:
		return p.onRetry(d, r, f, s)
	case apierrors.Throttle:
		return p.onThrottle(d, r, f, s)
	case apierrors.Refresh:
		return p.again(d, r, s, 0)
	case apierrors.Defer:
		fill(&d.After, r.After)
		d.Stop = apierrors.StopWait
		return d
	case apierrors.Accept:
		if f.Status == 0 {
			d.Action, d.Stop = apierrors.Surface, apierrors.StopPermanent // nothing came that could be accepted
		}
		d.After = 0
		return d
	case apierrors.Surface:
		if limit := p.bounds(r).EscalateAfter; limit > 0 && s.Surfaced >= limit && s.SurfacedCode == code {
			d.Action = apierrors.FailFast
			d.Rule += fmt.Sprintf(", %d times in a row", s.Surfaced+1)
		}
		fallthrough
	default:
		d.Stop, d.After = apierrors.StopPermanent, 0
		return d
	}
}

// onRetry backs off and sends again, within the attempts and the time for trying.
func (p Policy) onRetry(d Decision, r Rule, f Failure, s State) Decision {
	bounds := p.bounds(r)
	sent := max(s.Attempts, 1)
	delay, told := f.Wait, f.Wait > 0
	if !told {
		delay = bounds.Backoff.wait(sent-1, s.Random)
	}
	switch next := p.again(d, r, s, delay); {
	case next.Stop == apierrors.StopUnsafe || next.Stop == apierrors.StopBody:
		return next
	case sent >= bounds.MaxAttempts:
		if r.Action == apierrors.Retry && r.Otherwise != apierrors.ActionNone {
			d.Action, d.After = r.Otherwise, 0
		}
		return stopped(d, apierrors.StopAttempts)
	case s.Trying >= bounds.MaxElapsed, !told && delay >= bounds.MaxElapsed-s.Trying:
		return stopped(d, apierrors.StopElapsed)
	default:
		return next
	}
}

// onThrottle closes the limit's gate and sends again when it opens. It costs wait, and
// no attempts. If the wait does not fit, the call is deferred; the gate closes anyway.
func (p Policy) onThrottle(d Decision, r Rule, f Failure, s State) Decision {
	delay := f.Wait
	fill(&delay, r.After)
	if delay == 0 {
		delay = p.bounds(r).Backoff.wait(s.Throttled, s.Random)
	}
	d.Pause, d.After = delay, delay
	d = p.again(d, r, s, delay)
	if d.Stop == apierrors.StopWait || d.Stop == apierrors.StopDeadline {
		d.Action = apierrors.Defer
	}
	return d
}

// again sends again after delay if that is safe, possible and fits.
func (p Policy) again(d Decision, r Rule, s State, delay time.Duration) Decision {
	switch {
	case !p.mayRepeat(r, s):
		return stopped(d, apierrors.StopUnsafe)
	case s.OneShotBody:
		return stopped(d, apierrors.StopBody)
	}
	if stop := p.Fits(delay, s); stop != apierrors.StopNone {
		return stopped(d, stop)
	}
	d.Again, d.Delay, d.After = true, delay, 0
	return d
}

func stopped(d Decision, why apierrors.Stop) Decision {
	d.Stop = why
	return d
}

// Fits reports whether a wait still fits into the call: StopNone if so, else
// StopDeadline or StopWait. A wait that cannot finish is not to be begun.
func (p Policy) Fits(wait time.Duration, s State) apierrors.Stop {
	maxWait := s.MaxWait
	fill(&maxWait, p.Retry().MaxWait)
	switch {
	case s.Left != 0 && wait >= s.Left:
		return apierrors.StopDeadline
	case wait > maxWait-s.Waited:
		return apierrors.StopWait
	default:
		return apierrors.StopNone
	}
}

// idempotent are the methods of RFC 9110 section 9.2.2.
var idempotent = []string{
	http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete,
}

// mayRepeat reports whether a repeat cannot make a write happen twice. The caller and
// the operator know best, then the vendor's data on the endpoint, then the method.
func (p Policy) mayRepeat(r Rule, s State) bool {
	if r.Applied == apierrors.AppliedNo || s.Repeatable || s.Keyed || r.RepeatUnsafe {
		return true
	}
	for _, e := range p.endpoints {
		if matchesRequest(e.Methods, e.Path, s.method(), s.Path) {
			return e.Repeatable
		}
	}
	return slices.Contains(idempotent, s.method())
}

// bounds are the policy's bounds with what the rule states over them.
func (p Policy) bounds(r Rule) Retry {
	return Retry{MaxAttempts: r.MaxAttempts, Backoff: r.Backoff, MaxElapsed: r.MaxElapsed, EscalateAfter: r.EscalateAfter}.over(p.Retry())
}
