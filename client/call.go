package client

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"strings"
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
	path     string        // of the URL below the base URL, by which the vendor's data knows it
	payload  *payload
	options  CallOptions
	decode   func([]byte) error // of the typed door; nil: the answer is streamed
	dropIn   bool               // of HTTP(): an answer is an answer, whatever it says

	engine        engine
	stopListening func() // to Request.Cancel

	credential    string   // tells whose lanes it takes: hash of what the caller put on the request; empty: the client's
	sent          string   // the Authorization header of the latest attempt, which the vendor may refuse
	at            *url.URL // where the latest attempt was sent
	moved         bool     // req has taken the place of what the caller gave
	hops          int      // requests of the latest attempt's chain of redirects
	strange       bool     // it was sent to an origin that is not the vendor's
	left          bool     // a redirect led there
	attempt       *attempt // the latest; nil while it has not begun
	attempts      []apierrors.Attempt
	started       time.Time     // the call
	began         time.Time     // its first attempt
	waited        time.Duration // in all
	imposed       time.Duration // of that, since the first attempt and not by our own back-off
	sinceLast     time.Duration // of that, since the latest attempt
	resumes       time.Time     // when the latest imposed wait ends
	counted       int           // attempts that cost one
	throttled     int
	refreshed     bool
	unknownBefore bool

	last     *outcome // of the latest attempt, if it failed
	accepted bool
	err      error // how the call ended; the caller gets it, but for an answer through HTTP()
}

// An outcome is a failed attempt and what was decided about it.
type outcome struct {
	failure  policy.Failure
	decision policy.Decision
	answer   *answerBody // nil: there is none, or it was read and closed
	body     []byte      // the beginning of the answer
	header   http.Header
	err      error // the wire's

	requestID string
}

// drop closes the answer, if there is one.
func (o *outcome) drop() {
	if o.answer != nil {
		o.answer.drop()
	}
}

// newCall checks the request, and makes it a whole one.
func (c *Client) newCall(req *http.Request, o CallOptions) (*call, error) {
	x := &call{c: c, ctx: req.Context(), options: o, started: time.Now(), stopListening: func() {}}
	if req.Cancel != nil { //nolint:staticcheck // http.Client sets it for a Timeout
		x.listen(req.Cancel) //nolint:staticcheck,contextcheck // as above; the context is the call's
	}
	err := x.take(req)
	if err != nil {
		x.stopListening()
	}
	return x, err
}

// listen has the call end with a channel as well as with its context, until it is told to stop.
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

var errCanceled = errors.New("the request was canceled by its channel")

// take makes req the one that is sent: its URL whole, its body apart.
func (x *call) take(req *http.Request) error {
	x.original, x.payload = req, payloadOf(req)
	target, path := x.c.target(req)
	problem := ""
	switch {
	case target == nil:
		problem = "the URL has no host, and there is no Config.BaseURL for it"
	case x.payload.empty && req.ContentLength > 0:
		problem = "ContentLength is set, but there is no Body"
	}
	if problem != "" {
		x.payload.close()
		return malformed(x.options.Op, problem, nil)
	}
	if leadsToWrite(req) {
		x.unknownBefore, x.options.IdempotencyKey = true, ""
	}
	whole := *req
	whole.URL, whole.Body, whole.GetBody, whole.ContentLength, whole.Response = target, nil, nil, 0, nil
	whole.RequestURI = "" // of a request that a server got, such as that of a reverse proxy
	if whole.Method == "" {
		whole.Method = http.MethodGet
	}
	x.req, x.path = whole.WithContext(x.ctx), path
	if !x.authorized(target) {
		x.credential = credentialOf(req)
	}
	if x.c.vendor.Name() == "" {
		x.credential = target.Scheme + "://" + target.Host + " " + x.credential
	}
	return nil
}

// credentialHeaders are where callers put a credential of their own.
var credentialHeaders = []string{"Authorization", "X-Api-Key", "Api-Key"}

// valuesOf returns the values of a header, also under a key that is not canonical.
func valuesOf(h http.Header, name string) []string {
	var values []string
	for key := range h {
		if strings.EqualFold(key, name) {
			values = append(values, h[key]...)
		}
	}
	return values
}

// credentialOf tells credentials apart without keeping them; empty if there is none.
func credentialOf(req *http.Request) string {
	sum := sha256.New()
	found := false
	add := func(name, value string) {
		if value != "" {
			found = true
			_, _ = sum.Write([]byte(name + "\x00" + value + "\x00"))
		}
	}
	for _, name := range credentialHeaders {
		for _, value := range valuesOf(req.Header, name) {
			add(name, value)
		}
	}
	add("userinfo", req.URL.User.String())
	if !found {
		return ""
	}
	return string(sum.Sum(nil))
}

// state is what the policy needs to know of the call.
func (x *call) state() policy.State {
	s := policy.State{
		Method: x.req.Method, Path: x.path,
		Attempts: x.counted + 1, Throttled: x.throttled,
		Elapsed: x.trying(), Waited: x.waited,
		CanRefresh: x.canRefresh(), CanShrink: x.options.Shrink != nil,
		Repeatable: x.options.Repeatable, HasKey: x.keyed(), OneShotBody: x.payload.oneShot(),
		UnknownBefore: x.unknownBefore, Random: x.c.random(),
	}
	if x.options.MaxWait != 0 {
		s.MaxWait = &x.options.MaxWait
	}
	for _, a := range x.attempts[:max(len(x.attempts)-1, 0)] {
		if a.Code != "" {
			s.CodesBefore = append(s.CodesBefore, a.Code)
		}
	}
	s.SurfacedCode, s.Surfaced = x.c.streak.now()
	if deadline, ok := x.ctx.Deadline(); ok {
		if s.Remaining = time.Until(deadline); s.Remaining == 0 {
			s.Remaining = -1 // just over; zero says that there is none
		}
	}
	return s
}

// canRefresh reports whether another credential can be had: one that is fixed cannot be
// renewed, and one renewal is enough for a call.
func (x *call) canRefresh() bool {
	_, isFixed := x.c.auth.(fixed)
	return !isFixed && !x.refreshed && x.authorized(x.at)
}

// authorized reports whether the client's credential belongs on a request to u: it is
// bound to the base URL's origin.
func (x *call) authorized(u *url.URL) bool {
	return x.c.auth != nil && x.c.base != nil && !x.left && isSameOrigin(u, x.c.base)
}

// trying is the time since the first attempt, without the waits that were imposed.
func (x *call) trying() time.Duration {
	if x.began.IsZero() {
		return 0
	}
	return time.Since(x.began) - x.imposed
}

// impose counts a wait that was not our own back-off.
func (x *call) impose(wait time.Duration) {
	x.waited += wait
	x.imposed += wait
	x.sinceLast += wait
}

// policy is the one that judges the latest attempt. What is not the vendor's is judged by
// status alone.
func (x *call) policy() policy.Policy {
	if x.strange {
		return x.c.elsewhere
	}
	return x.c.policy
}
