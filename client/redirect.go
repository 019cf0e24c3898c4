package client

import (
	"errors"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// maxHops bounds the requests of one chain of redirects, as net/http does.
const maxHops = 10

// mayFollow reports whether a redirect is followed: that of a GET or HEAD to anywhere
// but from https to http, and 303 of a POST, which becomes a GET, within the origin.
// Any other comes back as the 3xx: a write that was sent elsewhere is for the caller to
// decide.
func mayFollow(method string, status int, from, to *url.URL) bool {
	if (to.Scheme != "http" && to.Scheme != "https") || (from.Scheme == "https" && to.Scheme == "http") {
		return false
	}
	switch method {
	case "", http.MethodGet, http.MethodHead:
		return true
	case http.MethodPost:
		return status == http.StatusSeeOther && isSameOrigin(from, to)
	default:
		return false
	}
}

// keepHarmless leaves of a request that a redirect led to another origin only what says
// which answer is wanted: no credential, cookie, key or Referer, under whatever name.
func keepHarmless(out *http.Request) {
	for key := range out.Header { // which need not be canonical
		name := http.CanonicalHeaderKey(key)
		isHarmless := name == "Range" || name == "User-Agent" ||
			strings.HasPrefix(name, "Accept") || strings.HasPrefix(name, "If-")
		if !isHarmless {
			delete(out.Header, key)
		}
	}
}

// arrive takes note of where req, the call's own or one that a redirect led to, is sent:
// a redirect that has left the origin once is never trusted again.
func (x *call) arrive(req *http.Request) {
	if req.Response == nil {
		x.hops, x.left = 0, x.c.hasLeft(x.original)
	} else if !isSameOrigin(x.at, req.URL) {
		x.left = true
	}
	x.at, x.strange = req.URL, x.left || x.c.isStrange(req.URL)
	x.hops++
}

// redirectsTo are the requests of a caller's http.Client that redirects led to, req the
// first of them; each has its Response, and that its Request.
func redirectsTo(req *http.Request) iter.Seq[*http.Request] {
	return func(yield func(*http.Request) bool) {
		for r := req; r.Response != nil && r.Response.Request != nil; r = r.Response.Request {
			if !yield(r) {
				return
			}
		}
	}
}

// hasLeft reports whether req, which a caller's http.Client made, came of a redirect
// from one origin to another.
func (c *Client) hasLeft(req *http.Request) bool {
	for r := range redirectsTo(req) {
		from, _ := c.target(r.Response.Request)
		to, _ := c.target(r)
		if !isSameOrigin(from, to) {
			return true
		}
	}
	return false
}

// leadsToWrite reports whether req, which a caller's http.Client made, leads to the answer
// of a write: that may have been executed.
func leadsToWrite(req *http.Request) bool {
	for r := range redirectsTo(req) {
		method := r.Response.Request.Method
		isRead := method == "" || method == http.MethodGet || method == http.MethodHead
		if !isRead && appliedByRedirect(r.Response.StatusCode) != apierrors.AppliedNo {
			return true
		}
	}
	return false
}

// redirects are the statuses that net/http follows.
var redirects = []int{
	http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
	http.StatusTemporaryRedirect, http.StatusPermanentRedirect,
}

// follows reports whether the call itself follows a redirect. Through HTTP() the caller's
// http.Client does. A body is never sent on.
func (x *call) follows(req *http.Request, resp *http.Response) bool {
	hasBody := req.Response == nil && x.body != nil
	to, err := req.URL.Parse(resp.Header.Get("Location"))
	return err == nil && !x.dropIn && x.hops < maxHops && slices.Contains(redirects, resp.StatusCode) &&
		(!hasBody || resp.StatusCode == http.StatusSeeOther) &&
		mayFollow(req.Method, resp.StatusCode, req.URL, to)
}

// passed completes the entry of an attempt that was answered by a redirect. The POST that
// a 303 answers has been executed: from here on, the call is the GET that leads to its
// answer, and no failure of that says that nothing was applied.
func (x *call) passed(req *http.Request, resp *http.Response) {
	a := &x.attempts[len(x.attempts)-1]
	a.Took, a.Status, a.Reason = time.Since(a.Start), resp.StatusCode, "redirect followed"
	x.emit(Event{Kind: EventAttempt, Attempt: len(x.attempts), Status: a.Status, Rule: a.Reason, Took: a.Took})
	to, err := req.URL.Parse(resp.Header.Get("Location"))
	if err != nil || req.Method != http.MethodPost {
		return
	}
	next := *x.req
	next.Method, next.URL = http.MethodGet, to
	x.req, x.path = &next, x.c.belowBase(to)
	x.body.Close()
	x.body = nil
	x.options.IdempotencyKey = ""
	x.unknownBefore, x.moved = true, true
}

// checkRedirect is what the http.Client of HTTP() asks before it follows a redirect.
func (c *Client) checkRedirect(next *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	from, _ := c.target(last)
	to, _ := c.target(next)
	switch {
	case from == nil || to == nil || !mayFollow(last.Method, next.Response.StatusCode, from, to),
		next.Body != nil && !isSameOrigin(from, to):
		if next.Body != nil {
			_ = next.Body.Close() // it was opened for a request that is not made
		}
		return http.ErrUseLastResponse
	case len(via) >= maxHops:
		return errors.New("stopped after 10 redirects")
	default:
		return nil
	}
}
