package client

import (
	"errors"
	"net/http"
	"slices"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/wire"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/traffic"
)

// A judgement is a failed attempt and what was decided about it.
type judgement struct {
	failure   policy.Failure
	decision  policy.Decision
	answer    *wire.Body // of the response; nil: there is none, or it was read and closed
	body      []byte     // the beginning of the response
	header    http.Header
	summary   string // our words for the failure, without personal data; empty: the policy has the vendor's
	err       error  // of the transport
	requestID string
	paid      int // what the budget paid for the retry that follows
}

// isPart reports whether a part of a batch is done, so that the response is a success as well.
func (j *judgement) isPart() bool {
	return j.failure.Batch != nil && j.decision.Class == apierrors.Partial
}

// drop closes the response, if there is one.
func (j *judgement) drop() {
	if j.answer != nil {
		j.answer.Drop()
	}
}

// judge decides about an attempt: true repeats the call after its delay, an error ends it
// without a response. Explain, decide, pay, act.
func (x *call) judge(resp *http.Response, err error) (again bool, failed error) {
	if r, ok := errors.AsType[*refusal](err); ok {
		x.err = x.heldBack(r)
		x.kept = x.keptResponse(r) //nolint:bodyclose // the caller does
		return false, x.err
	}
	j := x.read(resp, err)
	x.readQuotas(resp)
	if j == nil {
		x.endAttempt(resp.StatusCode, nil, "")
		x.report(traffic.Report{Served: true, Health: traffic.Working})
		return false, nil
	}
	if x.ctx.Err() != nil {
		x.err = x.interrupted(j)
		x.report(traffic.Report{})
		j.drop()
		return false, x.err
	}
	x.decide(j)
	x.last = j
	x.noteFailure(j)
	again, failed = x.act(j)
	r := x.reportOf(j.decision)
	x.report(r)
	x.keepPause(j, r)
	return again, failed
}

// explain has the vendor decode a response, unless it is not the vendor's.
func (c *Client) explain(d destination, a policy.Answer) *policy.Failure {
	vendor := c.vendor
	if d.isForeign {
		vendor = anyVendor{}
	}
	decoded := vendor.Decode(a)
	if decoded == nil {
		decoded = anyVendor{}.Decode(a) // an error that the vendor's data says nothing about
	}
	if decoded == nil {
		return nil
	}
	f := *decoded
	f.Status = a.Status
	f.Items = slices.Clone(f.Items) // which responses may share
	return &f
}

// policyFor returns the policy for a destination: the vendor's, or one that judges by
// status alone.
func (c *Client) policyFor(d destination) policy.Policy {
	if d.isForeign {
		return c.foreignPolicy
	}
	return c.policy
}

// describe adds to a state what is known of the request, and of other calls like it.
func (c *Client) describe(s *policy.State, r request, to destination) {
	s.Method, s.Path, s.MaxAttempts = r.http.Method, r.path, r.options.MaxAttempts
	s.Repeatable = r.options.Repeatable
	s.HasKey, s.KeyReplays = c.hasHonoredKey(r, to), c.profile.Idempotency.ReplaysOf(r.path)
	s.CanRefresh = c.authorizes(to) && !c.renewals.isHopeless()
	s.CanShrink, s.CanSplit = r.options.Shrink != nil && r.part == nil, r.options.Split != nil
	s.SurfacedCode, s.Surfaced = c.traffic.Streak(r.http.Context(), time.Now(), r.account)
	s.Random = c.random()
}

// decide asks the policy about a failed attempt. A retry has to be paid for; waiting out a
// limit and renewing a token cost nothing, and in an outage the queue holds retries back.
func (x *call) decide(j *judgement) {
	s, p, o := x.state(), x.c.policyFor(x.destination), x.outage()
	s.InOutage = o.State.Holds()
	j.decision = p.Decide(j.failure, s)
	if d := j.decision; d.Price > 0 && o.State != traffic.Ramping {
		switch isPaid := x.pay(d.Price); {
		case !d.Retry:
		case isPaid:
			j.paid = d.Price
		default:
			s.OutOfBudget = true
			j.decision = p.Decide(j.failure, s)
		}
	}
	x.locate(j)
	x.c.redact(j, x.request, x.attempt)
}

// ask asks the policy about a failure after which nothing is repeated.
func (x *call) ask(j *judgement, s policy.State) {
	j.decision = x.c.policyFor(x.destination).Decide(j.failure, s)
	x.locate(j)
	x.c.redact(j, x.request, x.attempt)
}

// noteFailure enters a failed attempt into the history. One that did not begin leaves no
// entry, but may leave a doubt.
func (x *call) noteFailure(j *judgement) {
	x.history.learn(j.decision.Applied)
	if x.attempt != nil {
		x.endAttempt(j.failure.Status, j, "")
	}
}

// act does what was decided.
func (x *call) act(j *judgement) (again bool, failed error) {
	d := j.decision
	switch {
	case d.Retry:
		x.history.count(d)
		if x.err = x.prepareNext(d.Action); x.err == nil {
			j.drop()
			return true, nil
		}
	case d.Action == apierrors.Accept:
		x.accepted = true
	case d.Action == apierrors.Refresh: // this call cannot be repeated, but the next ones need the credential
		x.c.renewals.start(x.ctx, x.attempt.identity)
		fallthrough
	default:
		x.err = x.failed(j)
	}
	if x.accepted || j.isPart() || x.dropIn && j.answer != nil && x.ctx.Err() == nil {
		return false, nil // the response stands
	}
	j.drop()
	return false, x.err
}

// prepareNext does what comes before the next attempt: it renews the credential, or has
// the request made smaller.
func (x *call) prepareNext(action apierrors.Action) error {
	switch action {
	case apierrors.Refresh:
		return x.renew()
	case apierrors.Shrink:
		return x.smaller()
	default:
		return nil
	}
}

func (x *call) renew() error {
	w := x.startWait(x.ctx, forRenewal)
	err := x.c.renewals.renew(x.ctx, x.attempt.identity)
	switch {
	case err == nil:
		x.endWait(w, apierrors.StopNone)
		return nil
	case x.ctx.Err() != nil:
		x.endWait(w, apierrors.StopCanceled)
		return x.canceled(x.last)
	default:
		x.endWait(w, apierrors.StopPermanent)
		return x.notRenewed(err)
	}
}
