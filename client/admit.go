package client

import (
	"context"
	"crypto/sha256"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/traffic"
)

// admit waits until every gate is open and every limit has a place for the call. A wait
// that does not fit into the call is a *refusal. A foreign request meets no limit.
func (x *call) admit(ctx context.Context) error {
	if x.strange {
		return nil
	}
	began, d, by := time.Now(), x.demand(), ""
	for {
		longest, stop := x.waitLeft()
		d.MaxWait = longest
		v := x.c.traffic.Admit(ctx, time.Now(), d)
		switch {
		case v.Refused:
			return &refusal{by: v.By, wait: v.Wait, stop: stop(v.Wait), scope: v.Scope}
		case v.Wait == 0:
			if by != "" {
				x.emit(Event{Kind: EventWait, Attempt: len(x.attempts) + 1, Rule: by, Wait: time.Since(began)})
			}
			return nil
		}
		by, d.Booked = v.By, v.Booked
		if err := x.sleep(ctx, v.Wait); err != nil {
			return err
		}
	}
}

// demand is what the call wants of the limits.
func (x *call) demand() traffic.Demand {
	return traffic.Demand{Account: x.account, Record: x.record, Limits: x.c.policy.Limits(x.req.Method, x.path)}
}

// waitLeft returns the longest wait that still fits into the call, and why a longer one
// does not.
func (x *call) waitLeft() (longest time.Duration, stop func(time.Duration) apierrors.Stop) {
	s := x.state()
	maxWait := s.MaxWait
	if maxWait == 0 {
		maxWait = x.c.policy.Retry().MaxWait
	}
	longest = maxWait - s.Waited
	if s.Left != 0 {
		longest = min(longest, s.Left-1)
	}
	return longest, func(wait time.Duration) apierrors.Stop { return x.c.policy.Fits(wait, s) }
}

// sleep waits, and counts it as imposed.
func (x *call) sleep(ctx context.Context, wait time.Duration) error {
	began := time.Now()
	defer func() { x.impose(time.Since(began)) }()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// report tells the calls that share the account how the latest attempt ended.
func (x *call) report(r traffic.Report) {
	if x.strange { // it says nothing of the vendor
		return
	}
	r.Account, r.Record, r.Full = x.account, x.record, x.c.policy.Retry().Budget
	x.c.traffic.Done(x.ctx, time.Now(), r)
}

// pause holds back every call on the limit that d names; without a name, every call of
// this account.
func (x *call) pause(d policy.Decision) {
	r := traffic.Report{Pause: d.Pause}
	if limit, named := x.c.policy.LimitNamed(d.Limit); named {
		r.Limit = &limit
	}
	x.report(r)
}

// decide asks the policy about a failed attempt. A retry has to be paid for; waiting out a
// limit and renewing a token cost nothing.
func (x *call) decide(o *outcome) {
	state := x.state()
	x.ask(o, state)
	costs := o.decision.Again && (o.decision.Action == apierrors.Retry || o.decision.Action == apierrors.Shrink)
	if costs && !x.strange && !x.c.traffic.Pay(x.ctx, time.Now(), x.account, x.policy().Retry().Budget) {
		state.OutOfBudget = true
		x.ask(o, state)
	}
}

// ask has the policy decide about a failed attempt, and takes out of it what must not be told.
func (x *call) ask(o *outcome, s policy.State) {
	o.decision = x.policy().Decide(o.failure, s)
	x.censor(o)
}

// hashed makes a key of text that does not hold it; none of none.
func hashed(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return string(sum[:])
}
