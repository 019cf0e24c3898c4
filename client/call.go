package client

import (
	"context"
	"errors"
	"net/http"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/traffic"
)

// A call is one call, from its first attempt to its end. Its methods run in one goroutine.
type call struct {
	c       *Client
	ctx     context.Context
	request request
	history history
	decode  decoding // of the typed door; nil: the response is streamed
	dropIn  bool     // of HTTP(): the response is returned, whatever it says

	destination   destination // of the latest attempt
	turn          turn
	attempt       *attempt       // the latest; nil while it has not begun
	last          *judgement     // of the latest attempt, if it failed
	delaying      *watchedWait   // before the next attempt; nil: it is not being waited for
	accepted      bool           // that failure was taken for a success
	kept          *http.Response // of an earlier request, in place of the latest one's; nil: none
	err           error          // how the call ended; through HTTP() the caller may get a response all the same
	stopListening func()         // to Request.Cancel
}

// newCall checks the request, and makes it a whole one.
func (c *Client) newCall(req *http.Request, o CallOptions) (*call, error) {
	x := &call{c: c, ctx: req.Context(), history: newHistory(time.Now()), stopListening: func() {}}
	if req.Cancel != nil { //nolint:staticcheck // http.Client sets it for a Timeout
		x.listen(req.Cancel) //nolint:staticcheck,contextcheck // as above; the context is the call's
	}
	if err := x.take(req, o); err != nil {
		x.stopListening()
		return nil, err
	}
	return x, nil
}

// listen has the call end with a channel as well as with its context, until stopListening.
func (x *call) listen(canceled <-chan struct{}) {
	ctx, cancel := context.WithCancelCause(x.ctx)
	x.ctx, x.stopListening = ctx, func() { cancel(errEnded) }
	go func() { // ends with the context
		select {
		case <-canceled:
			cancel(errCanceled)
		case <-ctx.Done():
		}
	}()
}

var (
	errCanceled = errors.New("the request was canceled by its channel")
	errEnded    = errors.New("the call has ended")
	errInDoubt  = errors.New("the call was not executed")
)

// take makes req the request that is sent.
func (x *call) take(req *http.Request, o CallOptions) error {
	r, problem := x.c.newRequest(x.ctx, req, o)
	if problem != "" {
		return malformed(o.Op, problem, nil)
	}
	x.request = r
	if leadsToWrite(req) {
		x.history.learn(apierrors.AppliedUnknown)
	}
	x.history.learn(x.c.outcomeBefore(req).Applied())
	return nil
}

// run sends the call until it is decided, and returns how it ended.
func (x *call) run() (*http.Response, error) {
	isOver := false
	defer func() {
		if !isOver {
			x.abandon()
		}
	}()
	resp, err := x.carry()
	isOver = true
	return resp, err
}

// abandon closes what a call holds in which a callback of the caller's panicked.
func (x *call) abandon() {
	if x.attempt != nil {
		x.attempt.Abandon()
	}
	x.report(traffic.Report{})
	x.request.body.Close()
	x.stopListening()
}

func (x *call) carry() (*http.Response, error) {
	x.startCall()
	resp, err := x.send(x.request.http)
	again, failed := x.judge(resp, err)
	if again {
		resp, failed = x.repeat(result{resp, err})
	}
	for x.resolve() {
		resp, failed = x.repeat(result{err: errInDoubt})
	}
	x.request.body.Close()
	x.settle()
	x.endCall()
	switch {
	case x.kept != nil:
		x.stopListening()
		if failed == nil {
			x.last.drop() // the response that it replaces
		}
		x.c.checked.remember(x.kept, ending{err: x.err})
		return x.kept, nil
	case x.isFound():
		x.stopListening()
		return nil, nil
	case failed != nil:
		x.stopListening()
		return nil, x.err
	}
	if x.attempt.shown != nil {
		resp = x.attempt.shown
	}
	x.remember(resp)
	if x.dropIn {
		return resp, nil
	}
	return resp, x.err // a batch that failed in part has both
}

// repeat carries the call on after a failure that is to be repeated.
func (x *call) repeat(first result) (*http.Response, error) {
	e := engine{send: x.send, judge: x.judge, delay: x.delay, replace: x.next}
	resp, failed := e.carry(x.request.http, first)
	if failed != nil && x.err == nil { // the context ended in a back-off
		x.err = x.canceled(x.last)
	}
	x.endWait(x.delaying, apierrors.StopCanceled) // if the context ended in a delay
	return resp, failed
}

// delay starts the wait that was decided, before the next attempt.
func (x *call) delay() time.Duration {
	d := x.last.decision
	by := forBackoff
	if d.VendorWait {
		by = forVendor
		x.history.resumeAt(time.Now().Add(d.Delay))
		if d.Action == apierrors.Throttle && !x.destination.isForeign {
			d.Delay = x.turn.hold // for the rest of it, a gate holds back all calls
		}
		x.history.impose(d.Delay)
	} else {
		x.history.backOff(d.Delay)
	}
	if d.Delay > 0 {
		x.delaying = x.startWait(x.ctx, by)
	}
	return d.Delay
}

// next returns the request of the next attempt, as the wait before it is over.
func (x *call) next() *http.Request {
	x.endWait(x.delaying, apierrors.StopNone)
	x.delaying = nil
	return x.request.http
}

// state is what the policy needs to know of the call.
func (x *call) state() policy.State {
	s := x.timeState(time.Now())
	x.c.describe(&s, x.request, x.destination)
	s.CanRefresh = s.CanRefresh && !x.history.renewed // one renewal is enough for a call
	s.OneShotBody = x.request.body.IsSpent()
	if x.request.part != nil {
		s.ItemsBefore = x.request.part.before
	}
	return s
}

// timeState is the part of the state that waits depend on.
func (x *call) timeState(now time.Time) policy.State {
	s := x.history.state(now)
	s.MaxWait, s.KeyLeft = x.request.options.MaxWait, x.keyLeft(now)
	if deadline, ok := x.ctx.Deadline(); ok {
		if s.Remaining = deadline.Sub(now); s.Remaining == 0 {
			s.Remaining = -1 // just over; zero means that there is no deadline
		}
	}
	return s
}
