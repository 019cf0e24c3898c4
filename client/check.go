package client

import (
	"net/http"
	"net/url"
	"runtime"
	"sync"
	"weak"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/wire"
	"github.com/retrywise/retrywise/policy"
)

// Check returns nil if resp is a success, a redirect or a failure that was accepted, and
// otherwise an *apierrors.Error. That of a batch that failed in part has class partial.
//
// If the response came from this Client, the error is the one that its call ended with,
// with all attempts. If reading the body of a success has failed, it is a truncated
// response (malformed_response, applied: yes). Any other response is judged by its status
// and the beginning of its body, which can still be read afterwards. It is judged like a
// first attempt, and the caller decides whether to retry it.
//
// Check must not be called while the same response is read. It is safe for concurrent use
// with everything else.
func (c *Client) Check(resp *http.Response) error {
	if resp == nil {
		return malformed("", "there is no response to check", nil)
	}
	if body, ok := resp.Body.(*wire.Body); ok {
		if x, ok := body.Owner.(*call); ok {
			return x.err
		}
	}
	if e := c.checked.of(resp); e != nil {
		return e.err
	}
	return c.judge(resp)
}

// checked knows how calls through HTTP() ended, as an http.Client with a Timeout wraps our
// body. It holds no response: an entry is deleted when its response is.
type checked struct{ byResponse sync.Map } // of weak.Pointer[http.Response] to *ending

// An ending is how a call ended that returned a response.
type ending struct {
	err     error
	outcome policy.Outcome // of its attempts
}

func (o *checked) remember(resp *http.Response, e ending) {
	key := weak.Make(resp)
	o.byResponse.Store(key, &e)
	runtime.AddCleanup(resp, func(key weak.Pointer[http.Response]) { o.byResponse.Delete(key) }, key)
}

// of returns how the call of resp ended; nil if that is not known.
func (o *checked) of(resp *http.Response) *ending {
	found, _ := o.byResponse.Load(weak.Make(resp))
	e, _ := found.(*ending)
	return e
}

// remember lets Check know how the call ended, or that its response broke off.
func (x *call) remember(resp *http.Response) {
	body := x.attempt.Body()
	body.Owner, body.OnClose = x, x.stopListening
	isLed := isRedirect(resp) && x.history.outcome != policy.NotApplied                         // another call may follow it
	if x.dropIn && (x.err != nil || x.accepted || x.hasErrorsIn2xx() || x.isBatch() || isLed) { // otherwise the status says it
		x.c.checked.remember(resp, ending{x.err, x.history.outcome})
	}
	if x.err != nil || x.accepted {
		return
	}
	body.OnBreak = func(err error) {
		x.err = x.brokenOff(resp, err)
		if x.dropIn {
			x.c.checked.remember(resp, ending{err: x.err})
		}
	}
}

// brokenOff is the error for a success whose body broke off while the caller read it.
func (x *call) brokenOff(resp *http.Response, err error) error {
	j := judgement{failure: brokenSuccess(resp), header: resp.Header, err: err}
	if x.ctx.Err() != nil {
		j.failure.Class = apierrors.Canceled
	}
	x.ask(&j, x.state())
	return x.failed(&j)
}

// judge decides about a response that is not of this package.
func (c *Client) judge(resp *http.Response) error {
	r := c.requestFor(resp)
	to := c.destinationOf(r.http, false)
	isError := c.isFailure(resp.StatusCode, r, to)
	isBatch := !isError && c.isBatch(r, to)
	if !isError && (!isSuccess(resp) || !c.profile.ErrorsIn2xx && !isBatch) {
		return nil
	}
	limit, wanted := c.decodedOf(resp)
	if isBatch {
		limit = maxBatch
	}
	head, isAll := wire.PeekAt(resp, limit, wanted)
	if !isError && !isAll {
		return nil
	}
	a := answerTo(r, resp, contentUpTo(resp, head, limit))
	if isBatch {
		a.Sent = r.sentText()
	}
	f := c.explain(to, a)
	if f == nil {
		return nil
	}
	j := judgement{failure: *f, body: head, header: resp.Header}
	s := policy.State{MaxWait: r.options.MaxWait}
	c.describe(&s, r, to)
	j.decision = c.policyFor(to).Decide(j.failure, s)
	c.redact(&j, r, nil)
	if j.decision.Action == apierrors.Accept {
		return nil
	}
	e := c.failed(&j, r)
	if j.decision.VendorWait {
		e.RetryAt = later(j.decision.Delay)
	}
	return e
}

// requestFor returns the request that may have led to resp.
func (c *Client) requestFor(resp *http.Response) request {
	req := resp.Request
	if req == nil || req.URL == nil {
		req = &http.Request{URL: &url.URL{}}
	}
	r := request{original: req, http: req, options: optionsOf(req)}
	if target, path := c.home.resolve(req.URL); target != nil {
		whole := *req
		whole.URL = target
		r.http, r.path = &whole, path
	}
	r.account = c.accountOf(r.http, r.options)
	return r
}
