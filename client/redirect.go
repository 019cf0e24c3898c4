package client

import (
	"errors"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/wire"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/traffic"
)

// maxHops bounds the requests of one chain of redirects, as net/http does.
const maxHops = 10

// mayFollow reports whether a redirect may be followed: that of a GET or HEAD, except from
// https to http, and within the origin a 307 or 308 of a write, and a 303 of a POST, which
// becomes a GET. Whether to send a write elsewhere is for the caller to decide.
func mayFollow(method string, status int, from, to *url.URL) bool {
	if (to.Scheme != "http" && to.Scheme != "https") || (from.Scheme == "https" && to.Scheme == "http") {
		return false
	}
	switch {
	case isRead(method):
		return true
	case keepsRequest(status):
		return isSameOrigin(from, to)
	default:
		return method == http.MethodPost && status == http.StatusSeeOther && isSameOrigin(from, to)
	}
}

// isRead reports whether a redirect of the method may lead elsewhere.
func isRead(method string) bool {
	return method == "" || method == http.MethodGet || method == http.MethodHead
}

// keepsRequest reports whether a redirect asks for the same request elsewhere, with its
// method and body (RFC 9110 sections 15.4.8 and 15.4.9).
func keepsRequest(status int) bool {
	return status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect
}

// keepHarmless removes all headers except those that say which response is wanted, so that
// another origin gets no credential, cookie, key or Referer, whatever its name.
func keepHarmless(h http.Header) {
	for key := range h {
		if !isHarmless(key) {
			delete(h, key)
		}
	}
}

// isHarmless reports whether a header, whose name need not be canonical, only says which
// response is wanted.
func isHarmless(name string) bool {
	name = http.CanonicalHeaderKey(name)
	return name == "Range" || name == "User-Agent" || strings.HasPrefix(name, "Accept") || strings.HasPrefix(name, "If-")
}

// redirectsTo yields the requests that a caller's http.Client made for redirects, from req
// back to the first. Each has the Response that redirected to it, which has its Request.
func redirectsTo(req *http.Request) iter.Seq[*http.Request] {
	return func(yield func(*http.Request) bool) {
		for r := req; r.Response != nil && r.Response.Request != nil; r = r.Response.Request {
			if !yield(r) {
				return
			}
		}
	}
}

// crossedOrigin reports whether a redirect on the way to req, which a caller's http.Client
// made, led from one origin to another.
func (c *Client) crossedOrigin(req *http.Request) bool {
	for r := range redirectsTo(req) {
		from, _ := c.home.target(r.Response.Request)
		to, _ := c.home.target(r)
		if !isSameOrigin(from, to) {
			return true
		}
	}
	return false
}

// leadsToWrite reports whether req, which a caller's http.Client made, asks for the result
// of a write, which may have been executed.
func leadsToWrite(req *http.Request) bool {
	for r := range redirectsTo(req) {
		method := r.Response.Request.Method
		if !isRead(method) && appliedByRedirect(r.Response.StatusCode) != apierrors.AppliedNo {
			return true
		}
	}
	return false
}

// outcomeBefore returns the outcome of the calls that a caller's http.Client redirected to req.
func (c *Client) outcomeBefore(req *http.Request) policy.Outcome {
	outcome := policy.NotApplied
	for r := range redirectsTo(req) {
		if e := c.checked.of(r.Response); e != nil {
			outcome = outcome.After(e.outcome.Applied())
		}
	}
	return outcome
}

// redirects are the statuses that net/http follows.
var redirects = []int{
	http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
	http.StatusTemporaryRedirect, http.StatusPermanentRedirect,
}

// follows reports whether the call follows the redirect resp, the response to its request
// number hops with a body, which may be nil. Through HTTP(), the caller's http.Client does
// that. A body that was read must be one that can be read again, and stays in its origin.
func (x *call) follows(req *http.Request, body *wire.Payload, resp *http.Response, hops int) bool {
	location := resp.Header.Get("Location")
	if x.dropIn || hops >= maxHops || location == "" || !slices.Contains(redirects, resp.StatusCode) {
		return false
	}
	to, err := req.URL.Parse(location)
	if err != nil || !mayFollow(req.Method, resp.StatusCode, req.URL, to) || x.request.isLookup && !isSameOrigin(req.URL, to) {
		return false
	}
	return body == nil || !keepsRequest(resp.StatusCode) || isSameOrigin(req.URL, to) && !body.IsSpent()
}

// hopTo returns the request that a redirect which is followed asks for, and its body.
func hopTo(req *http.Request, body *wire.Payload, resp *http.Response) (*http.Request, *wire.Payload) {
	location := resp.Header.Get("Location")
	to, _ := req.URL.Parse(location) // follows has parsed it
	next := &http.Request{Method: req.Method, URL: to, Header: req.Header.Clone(), Response: resp}
	if !keepsRequest(resp.StatusCode) {
		body = nil
		for _, name := range bodyHeaders {
			next.Header.Del(name)
		}
		if req.Method != http.MethodHead {
			next.Method = http.MethodGet
		}
	}
	if relative, err := url.Parse(location); err == nil && relative.Host == "" {
		next.Host = req.Host // which the caller may have set
	}
	return next.WithContext(req.Context()), body
}

// bodyHeaders are about a body, which is not sent on.
var bodyHeaders = []string{"Content-Type", "Content-Encoding", "Content-Language", "Content-Location"}

// passed ends an attempt whose redirect is followed. A POST with a 303 was executed: from
// here on the call is the GET for its result, and no failure of that GET proves that the
// POST was not executed.
func (x *call) passed(req *http.Request, resp *http.Response, next *http.Request) {
	x.endAttempt(resp.StatusCode, nil, "redirect followed")
	x.readQuotas(resp)
	x.report(traffic.Report{})
	x.attempt.Body().Drop()
	resp.Body = http.NoBody
	if req.Method != next.Method {
		moved := *next
		moved.Response = nil
		x.request = x.request.movedTo(&moved, x.c.home.belowBase(next.URL))
		x.history.learn(apierrors.AppliedUnknown)
	}
}

// checkRedirect is the CheckRedirect of the http.Client that HTTP returns.
func (c *Client) checkRedirect(next *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	from, _ := c.home.target(last)
	to, _ := c.home.target(next)
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

// redirected is the failure of a redirect that is not followed: what it leads to was not
// done.
func redirected(resp *http.Response) *judgement {
	j := judgement{header: resp.Header, summary: "the response is a redirect, which is not followed", failure: policy.Failure{
		Class: apierrors.Unsupported, Applied: appliedByRedirect(resp.StatusCode), Status: resp.StatusCode, Cause: "redirect",
	}}
	if to, err := resp.Location(); err == nil {
		j.failure.Details = map[string]any{"location": to.String()}
		j.summary += ", to " + to.Scheme + "://" + to.Host
	}
	return &j
}

// isRedirect reports whether a response is a 3xx, other than a 304.
func isRedirect(resp *http.Response) bool {
	return resp.StatusCode/100 == 3 && resp.StatusCode != http.StatusNotModified
}

// appliedByRedirect returns what a redirect proves: if it asks for the same request
// elsewhere, that was not executed here.
func appliedByRedirect(status int) apierrors.Applied {
	if keepsRequest(status) {
		return apierrors.AppliedNo
	}
	return apierrors.AppliedUnknown
}
