package client

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/url"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A call is the state of one call, from the first attempt to its end. Its methods run
// in one goroutine.
type call struct {
	c        *Client
	ctx      context.Context
	original *http.Request // the caller's; never changed
	req      *http.Request // with its whole URL, without a body
	payload  payload
	options  CallOptions
	decode   func(*http.Response) error // of the typed door; nil: the answer is streamed

	engine engine

	credential    string   // tells whose lanes it takes: hash of what the caller put on the request; empty: the client's
	sent          string   // the Authorization header of the latest attempt, which the vendor may refuse
	attempt       *attempt // the latest; nil while it has not begun
	attempts      []apierrors.Attempt
	refused       *refusal
	started       time.Time     // the call
	began         time.Time     // its first attempt
	waited        time.Duration // in all
	imposed       time.Duration // of that, since the first attempt and not by our own back-off
	sinceLast     time.Duration // of that, since the latest attempt
	throttled     int
	refreshed     bool
	unknownBefore bool

	last     *outcome // of the latest attempt, if it failed
	accepted bool
	err      error // what the caller gets
}

// An outcome is a failed attempt and what was decided about it.
type outcome struct {
	failure  policy.Failure
	decision policy.Decision
	body     []byte
	header   http.Header
	err      error // the wire's
}

// newCall checks the request, and makes it a whole one: method, URL, no body.
func (c *Client) newCall(req *http.Request, o CallOptions) (*call, error) {
	x := &call{c: c, ctx: req.Context(), original: req, options: o, payload: payloadOf(req), started: time.Now()}
	target := c.resolve(req.URL)
	if target == nil {
		x.payload.close()
		return nil, malformed(o.Op, "a URL without a host needs Config.BaseURL", nil)
	}
	whole := *req
	whole.URL, whole.Body, whole.GetBody, whole.ContentLength = target, nil, nil, 0
	if whole.Method == "" {
		whole.Method = http.MethodGet
	}
	x.req = &whole
	if !x.authorized() {
		x.credential = credentialOf(req.Header)
	}
	if c.vendor.Name() == "" {
		x.credential = target.Scheme + "://" + target.Host + " " + x.credential
	}
	return x, nil
}

// resolve puts a URL without a host below the base URL; nil if there is none.
func (c *Client) resolve(u *url.URL) *url.URL {
	if u == nil || u.Host == "" && c.base == nil {
		return nil
	}
	if u.Host != "" {
		return u
	}
	whole := c.base.JoinPath(u.EscapedPath())
	whole.RawQuery = u.RawQuery
	return whole
}

// credentialHeaders are where callers put a credential of their own.
var credentialHeaders = []string{"Authorization", "X-Api-Key", "Api-Key"}

// credentialOf tells credentials apart without keeping them; empty if there is none.
func credentialOf(h http.Header) string {
	sum := sha256.New()
	found := false
	for _, name := range credentialHeaders {
		if value := h.Get(name); value != "" {
			found = true
			_, _ = sum.Write([]byte(name + "\x00" + value + "\x00"))
		}
	}
	if !found {
		return ""
	}
	return string(sum.Sum(nil))
}

// state is what the policy needs to know of the call.
func (x *call) state() policy.State {
	s := policy.State{
		Method: x.req.Method, Path: x.req.URL.EscapedPath(),
		Attempts: len(x.attempts) - x.throttled - oneIf(x.refreshed), Throttled: x.throttled,
		Trying: time.Since(x.began) - x.imposed, Waited: x.waited, MaxWait: x.options.MaxWait,
		CanRefresh: x.canRefresh(),
		Repeatable: x.options.Repeatable, Keyed: x.keyed(), OneShotBody: x.payload.oneShot(),
		UnknownBefore: x.unknownBefore, Random: x.c.random(),
	}
	if deadline, ok := x.ctx.Deadline(); ok {
		if s.Left = time.Until(deadline); s.Left == 0 {
			s.Left = -1 // just over; zero says that there is none
		}
	}
	return s
}

// canRefresh reports whether another credential can be had: one that is fixed cannot be
// renewed, and one renewal is enough for a call.
func (x *call) canRefresh() bool {
	_, isFixed := x.c.auth.(fixed)
	return x.authorized() && !isFixed && !x.refreshed
}

// impose counts a wait that was not our own back-off.
func (x *call) impose(wait time.Duration) {
	x.waited += wait
	x.imposed += wait
	x.sinceLast += wait
}

func oneIf(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
