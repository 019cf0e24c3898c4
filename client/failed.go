package client

import (
	"context"
	"errors"
	"net/url"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A refusal is a wait for a gate or a limit that does not fit into the call.
type refusal struct {
	by    string // such as "gate account"
	wait  time.Duration
	stop  apierrors.Stop
	scope apierrors.Scope
}

func (r *refusal) Error() string { return "held back by " + r.by }

// failed is the error for a failed attempt that is not repeated.
func (x *call) failed(o *outcome) *apierrors.Error {
	f, d := o.failure, o.decision
	e := x.blank()
	e.Class, e.Action, e.Stop, e.Scope, e.Applied = d.Class, d.Action, d.Stop, d.Scope, d.Applied
	if limit, ok := x.policy().LimitNamed(d.Limit); ok {
		e.Scope = limit.Scope
	}
	e.Reason, e.Hint, e.Summary = d.Rule, d.Hint, d.Summary
	e.Status, e.Code, e.Details, e.Body = f.Status, d.Code, f.Details, o.body
	e.Message, e.Fields = wordsOf(f, d.Code)
	e.RequestID = o.requestID
	e.RetryAt = later(d.RetryIn)
	e.Err = o.err
	return e
}

// malformed is the error for a request that cannot be sent as it is. reason is ours, as
// err may hold the caller's data.
func malformed(op, reason string, err error) *apierrors.Error {
	return &apierrors.Error{
		Op: op, Class: apierrors.MalformedRequest, Action: apierrors.FailFast, Stop: apierrors.StopPermanent,
		Summary: reason, Applied: apierrors.AppliedNo, Scope: apierrors.ScopeJob, Err: err,
	}
}

// blank is an error that knows its call.
func (x *call) blank() *apierrors.Error {
	plain := url.URL{Scheme: x.req.URL.Scheme, Host: x.req.URL.Host, Path: x.req.URL.Path, RawPath: x.req.URL.RawPath}
	return &apierrors.Error{
		Vendor: x.c.vendor.Name(), Op: x.options.Op, Method: x.req.Method, URL: plain.String(),
		Attempts: x.attempts,
	}
}

// heldBack is the error for a call that a gate or a limit did not let through.
func (x *call) heldBack(r *refusal) *apierrors.Error {
	e := x.blank()
	e.Class, e.Action, e.Stop, e.Scope = apierrors.RateLimited, apierrors.Defer, r.stop, r.scope
	e.Reason = r.by
	e.Hint = "Held back here, as the vendor's limit is reached: run it again at the time given."
	e.RetryAt = later(r.wait)
	e.Applied = x.applied(apierrors.AppliedNo)
	if x.last != nil {
		e.Err = x.failed(x.last)
	}
	return e
}

// interrupted is the error for an attempt during which the caller gave up.
func (x *call) interrupted(o *outcome) *apierrors.Error {
	before := x.last
	x.ask(o, x.state())
	x.record(o)
	if o.failure.Status != 0 {
		before = o // an answer came all the same
	}
	e := x.canceled(before)
	e.Applied = x.applied(o.decision.Applied)
	return e
}

// canceled is the error for a call whose context ended: it holds both the context's
// cause and the last failure before it, which may be nil.
func (x *call) canceled(last *outcome) *apierrors.Error {
	e := x.blank()
	e.Class, e.Stop, e.Scope = apierrors.Canceled, apierrors.StopCanceled, apierrors.ScopeRequest
	if errors.Is(x.ctx.Err(), context.DeadlineExceeded) {
		e.Stop = apierrors.StopDeadline
	}
	e.Reason = "the caller's context ended"
	e.Applied = x.applied(apierrors.AppliedNo)
	causes := []error{context.Cause(x.ctx)}
	if !errors.Is(causes[0], x.ctx.Err()) {
		causes = append(causes, x.ctx.Err())
	}
	if last != nil {
		causes = append(causes, x.failed(last))
		if x.resumes.After(time.Now()) {
			e.RetryAt = x.resumes // the vendor told when to come back
		}
	}
	e.Err = errors.Join(causes...)
	return e
}

// notRenewed is the error for a call whose credential was refused and could not be
// renewed: that refusal, or what keeps the renewal from being had, with the refusal as
// a cause.
func (x *call) notRenewed(err error) *apierrors.Error {
	refusedFor := *x.last
	refusedFor.decision = x.policy().Decide(refusedFor.failure, x.state()) // no longer to be refreshed
	refused := x.failed(&refusedFor)
	refused.Applied = x.applied(apierrors.AppliedNo)
	class := credentialClass(err)
	switch {
	case errors.Is(err, errClosed):
		refused.Class, refused.Action, refused.Stop = apierrors.Canceled, apierrors.ActionNone, apierrors.StopCanceled
		refused.Reason, refused.Hint = "the client was closed", ""
		fallthrough
	case class == apierrors.Authentication:
		refused.Err = err
		return refused
	}
	o := outcome{
		failure: policy.Failure{Class: class, Applied: apierrors.AppliedNo, Wait: toldBy(err)},
		err:     errors.Join(err, x.failed(x.last)),
	}
	o.decision = x.policy().Decide(o.failure, x.state())
	o.decision.RetryIn = o.failure.Wait
	if o.decision.Retry { // the failed renewal answers for everybody for a while
		o.decision.Stop = apierrors.StopAttempts
	}
	return x.failed(&o)
}

// notShrunk is the error for a request that was too large and could not be made smaller.
func (x *call) notShrunk(err error) *apierrors.Error {
	o := *x.last
	o.decision.Action, o.decision.Stop, o.decision.RetryIn = apierrors.Surface, apierrors.StopPermanent, 0
	e := x.failed(&o)
	e.Err = err
	return e
}

// applied is what is known of the whole call, when the end of it was that.
func (x *call) applied(end apierrors.Applied) apierrors.Applied {
	if x.unknownBefore && end == apierrors.AppliedNo {
		return apierrors.AppliedUnknown
	}
	return end
}

// later is the moment after a wait from now; zero if there is none.
func later(wait time.Duration) time.Time {
	if wait <= 0 {
		return time.Time{}
	}
	return time.Now().Add(wait)
}

// wordsOf returns the vendor's text for the code that decided, and the fields. An
// answer's lone error that names no field is the message itself.
func wordsOf(f policy.Failure, code string) (string, []apierrors.Field) {
	message := ""
	for _, item := range f.Items {
		if item.Code == code && item.Message != "" {
			message = item.Message
			break
		}
	}
	if len(f.Items) == 1 && f.Items[0].Path == "" {
		return message, nil
	}
	return message, f.Items
}
