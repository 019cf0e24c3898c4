package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"sync"
	"weak"

	apierrors "github.com/retrywise/retrywise/errors"
)

// Check tells what an answer means: nil for a success, a 3xx and an accepted failure,
// else an *apierrors.Error. For an answer that came through HTTP(), it is how the call
// ended, with its attempts; after a Read that failed, also that a success broke off. Any
// other answer is judged by its status and the beginning of its body, which is still
// there to be read afterwards; nothing is known of how often that was sent, so it is for
// the caller to decide whether to send it again. Check is safe for concurrent use with
// calls, but not with reading the same answer.
func (c *Client) Check(resp *http.Response) error {
	if resp == nil {
		return malformed("", "there is no answer to check", nil)
	}
	if known, err := c.outcomes.of(resp); known {
		return err
	}
	return c.judge(resp)
}

// outcomes tells how the calls ended whose answers were handed on through HTTP(). It
// holds no answer: an entry goes when its answer does. (The body cannot carry it, as an
// http.Client with a Timeout wraps the body.)
type outcomes struct{ byAnswer sync.Map } // of weak.Pointer[http.Response] to error

func (o *outcomes) remember(resp *http.Response, err error) {
	key := weak.Make(resp)
	o.byAnswer.Store(key, &err)
	runtime.AddCleanup(resp, func(key weak.Pointer[http.Response]) { o.byAnswer.Delete(key) }, key)
}

func (o *outcomes) of(resp *http.Response) (known bool, err error) {
	found, _ := o.byAnswer.Load(weak.Make(resp))
	told, known := found.(*error)
	if !known {
		return false, nil
	}
	return true, *told
}

// remember has Check know how the call ended, or that its answer broke off.
func (x *call) remember(resp *http.Response) {
	if x.err != nil || x.accepted || x.tellsIn2xx() { // else a success is one by its status
		x.c.outcomes.remember(resp, x.err)
	}
	if x.err != nil || x.accepted {
		return
	}
	if body, ok := resp.Body.(*answerBody); ok {
		body.broke = func(err error) { x.c.outcomes.remember(resp, x.brokenOff(resp, err)) }
	}
}

// brokenOff is the error for a success whose body broke off while the caller read it.
func (x *call) brokenOff(resp *http.Response, err error) error {
	o := outcome{failure: brokenSuccess(resp), header: resp.Header, err: err}
	if x.ctx.Err() != nil {
		o.failure.Class = apierrors.Canceled
	}
	x.ask(&o, x.state())
	return x.failed(&o)
}

// judge decides about an answer that was got elsewhere.
func (c *Client) judge(resp *http.Response) error {
	limit := maxErrorBody
	switch {
	case resp.StatusCode >= http.StatusBadRequest:
	case isSuccess(resp) && c.vendor.ErrorsIn2xx():
		limit = maxPeek
	default:
		return nil
	}
	wanted := anything
	if limit == maxPeek {
		wanted = isZippedDocument
	}
	head, isAll := lookAt(resp, limit, wanted)
	if limit == maxPeek && !isAll {
		return nil
	}
	x := c.callOf(resp)
	f := x.explain(resp, plain(resp, head))
	if f == nil {
		return nil
	}
	o := outcome{failure: *f, body: head, header: resp.Header}
	x.ask(&o, x.state())
	if o.decision.Action == apierrors.Accept {
		return nil
	}
	e := x.failed(&o)
	if o.decision.VendorWait {
		e.RetryAt = later(o.decision.Delay)
	}
	return e
}

// callOf is a call that might have got resp.
func (c *Client) callOf(resp *http.Response) *call {
	req := resp.Request
	if req == nil || req.URL == nil {
		req = &http.Request{URL: &url.URL{}}
	}
	x := &call{c: c, ctx: context.Background(), original: req, req: req, options: optionsFrom(req.Context()), payload: &payload{empty: true}}
	if target, path := c.resolve(req.URL); target != nil {
		whole := *req
		whole.URL = target
		x.req, x.path = &whole, path
	}
	x.at, x.strange = x.req.URL, c.isStrange(x.req.URL)
	return x
}

// lookAt reads up to limit bytes of an answer, while wanted says that more is, and puts
// them back. isAll says that there are no more.
func lookAt(resp *http.Response, limit int, wanted func([]byte) bool) (head []byte, isAll bool) {
	if resp.Body == nil {
		return nil, true
	}
	start := beginning{done: make(chan struct{})}
	start.read(resp.Body, limit, wanted)
	head, err := start.soFar()
	rest := io.Reader(resp.Body)
	if err != nil {
		rest = failingReader{err}
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), rest), resp.Body}
	return head, errors.Is(err, io.EOF)
}

// failingReader ends as the body did.
type failingReader struct{ error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.error }
