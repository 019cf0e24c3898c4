package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/traffic"
)

// isFailure reports whether a response is a failure by its status: a 4xx or 5xx, or a 300 that the
// vendor's data calls one. It is not a redirect but a choice for a person.
func (c *Client) isFailure(status int, r request, to destination) bool {
	return status >= http.StatusBadRequest || status == http.StatusMultipleChoices &&
		c.policyFor(to).HasStatusRule(policy.Failure{Status: status}, policy.State{Method: r.http.Method, Path: r.path})
}

// failed returns the error for a failed attempt that is not retried.
func (x *call) failed(j *judgement) *apierrors.Error {
	return x.complete(x.c.failed(j, x.request))
}

// complete adds what is known of the call, beyond its latest request.
func (x *call) complete(e *apierrors.Error) *apierrors.Error {
	e.Attempts = x.history.list()
	e.Repeatable, e.KeyExpires = e.Class != apierrors.Partial && x.isRepeatable(), x.keyExpires(time.Now())
	return e
}

// failed returns the error for a judgement about a request, without its attempts.
func (c *Client) failed(j *judgement, r request) *apierrors.Error {
	f, d := j.failure, j.decision
	e := c.blank(r)
	e.Class, e.Action, e.Stop, e.Scope, e.Applied = d.Class, d.Action, d.Stop, d.Scope, d.Applied
	if len(d.Limits) > 0 {
		e.Scope = apierrors.ScopeNone
	}
	for _, limit := range d.Limits {
		e.Scope = max(e.Scope, limit.Scope)
	}
	e.Rule, e.Hint, e.Summary = d.Rule, d.Hint, cmp.Or(d.Summary, j.summary)
	e.Status, e.Code, e.Details, e.Body = f.Status, d.Code, f.Details, j.body
	e.Message, e.Fields = wordsOf(f, d.Code)
	e.Items = d.Items
	if f.Batch != nil {
		e.ItemsOmitted = f.Batch.Omitted
	}
	e.RequestID = j.requestID
	e.RetryAt = later(d.RetryIn)
	e.Err = j.err
	return e
}

// malformed returns the error for a request that cannot be sent. reason is ours, as err
// may contain the caller's data.
func malformed(op, reason string, err error) *apierrors.Error {
	return &apierrors.Error{
		Op: op, Class: apierrors.MalformedRequest, Action: apierrors.FailFast, Stop: apierrors.StopPermanent,
		Summary: reason, Applied: apierrors.AppliedNo, Scope: apierrors.ScopeJob, Err: err,
	}
}

// blank returns an error that names its call.
func (x *call) blank() *apierrors.Error {
	return x.complete(x.c.blank(x.request))
}

// blank returns an error that names its request.
func (c *Client) blank(r request) *apierrors.Error {
	u := r.http.URL
	plain := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return &apierrors.Error{
		Vendor: c.profile.Name, Op: r.options.Op, Method: r.http.Method, URL: plain.String(), IdempotencyKey: r.options.IdempotencyKey,
	}
}

// heldBack returns the error for a call that a gate or a limit did not let through.
func (x *call) heldBack(r *refusal) *apierrors.Error {
	if x.last != nil && x.outlivesKey(r.Wait) {
		return x.keyForgotten()
	}
	e := x.blank()
	e.Class, e.Action, e.Stop, e.Scope = apierrors.RateLimited, apierrors.Defer, r.stop, r.Scope
	e.Rule = r.By
	e.Hint = "Nothing was sent, as the vendor's limit is reached: run it again at the time given."
	if o := r.Outage; o != nil {
		e.Class, e.Stop = apierrors.ServerError, apierrors.StopHeld
		e.Hint = holdHint(o)
	}
	e.RetryAt = later(r.Wait)
	e.Applied = x.history.applied(apierrors.AppliedNo)
	if x.last != nil {
		e.Err = x.failed(x.last)
	}
	return e
}

// holdHint says why calls are held back in an outage.
func holdHint(o *traffic.Outage) string {
	what := "The vendor"
	if o.Endpoint != "" {
		what = "The endpoint " + o.Endpoint
	}
	return fmt.Sprintf("%s has only failed since %s, %d times in a row, the latest with %s; the next request finds out at %s whether it works again. Run the call again at the time given.",
		what, o.Since.UTC().Format(time.RFC3339), o.Failures, o.Cause, o.NextProbe.UTC().Format(time.RFC3339))
}

// interrupted returns the error for an attempt during which the caller gave up.
func (x *call) interrupted(j *judgement) *apierrors.Error {
	before := x.last
	x.ask(j, x.state())
	x.noteFailure(j)
	if j.failure.Status != 0 {
		before = j // there was a response
	}
	e := x.canceled(before)
	e.Applied, e.Items = x.history.applied(j.decision.Applied), j.decision.Items
	if j.failure.Batch != nil {
		e.ItemsOmitted = j.failure.Batch.Omitted
	}
	return e
}

// canceled returns the error for a call whose context ended. It wraps the cause of that and
// the last failure, which may be nil.
func (x *call) canceled(last *judgement) *apierrors.Error {
	e := x.blank()
	e.Class, e.Stop, e.Scope = apierrors.Canceled, apierrors.StopCanceled, apierrors.ScopeRequest
	if errors.Is(x.ctx.Err(), context.DeadlineExceeded) {
		e.Stop = apierrors.StopDeadline
	}
	e.Rule = "the caller's context ended"
	if errors.Is(context.Cause(x.ctx), errClosed) {
		e.Rule = "the client was closed"
	}
	e.Applied = x.history.applied(apierrors.AppliedNo)
	causes := []error{context.Cause(x.ctx)}
	if !errors.Is(causes[0], x.ctx.Err()) {
		causes = append(causes, x.ctx.Err())
	}
	if last != nil {
		causes = append(causes, x.failed(last))
		if x.history.resumes.After(time.Now()) {
			e.RetryAt = x.history.resumes // the vendor said when
		}
	}
	e.Err = errors.Join(causes...)
	return e
}

// notRenewed returns the error for a call whose credential was rejected and not renewed:
// the rejection if a person has to act, and otherwise the failure of the renewal, which
// wraps the rejection.
func (x *call) notRenewed(err error) *apierrors.Error {
	switch class := credentialClass(err); {
	case errors.Is(err, errClosed):
		e := x.rejected(err)
		e.Class, e.Action, e.Stop = apierrors.Canceled, apierrors.ActionNone, apierrors.StopCanceled
		e.Rule, e.Hint = "the client was closed", ""
		return e
	case class == apierrors.Authentication:
		return x.rejected(err)
	default:
		j := judgement{
			failure: policy.Failure{Applied: apierrors.AppliedNo},
			err:     errors.Join(err, x.failed(x.last)),
		}
		j.summary = credentialFailure(&j.failure, err)
		j.decision = x.c.policyFor(x.destination).Decide(j.failure, x.state())
		j.decision.RetryIn = j.failure.Wait
		if j.decision.Retry { // the next renewal would fail as well: its failure is remembered
			j.decision.Stop = apierrors.StopAttempts
		}
		return x.failed(&j)
	}
}

// rejected returns the error for a credential that was rejected, and why it stays so.
func (x *call) rejected(cause error) *apierrors.Error {
	j := *x.last
	j.decision = x.c.policyFor(x.destination).Decide(j.failure, x.state()) // the renewal is over
	e := x.failed(&j)
	e.Applied, e.Err = x.history.applied(apierrors.AppliedNo), cause
	return e
}

// later returns the moment after a wait; zero for no wait.
func later(wait time.Duration) time.Time {
	if wait <= 0 {
		return time.Time{}
	}
	return time.Now().Add(wait)
}

// wordsOf returns the vendor's text for the code that decided, and the fields. A single
// error without a field is the message.
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
