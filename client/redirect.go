package client

import (
	"errors"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/traffic"
)

// maxHops bounds the requests of one chain of redirects, as net/http does.
const maxHops = 10

// mayFollow reports whether a redirect may be followed: that of a GET or HEAD, except from
// https to http, and a 303 of a POST within the origin, which becomes a GET. Any other is
// returned as it is: whether to send a write elsewhere is for the caller to decide.
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

// keepHarmless removes all headers except those that say which response is wanted, so that
// another origin gets no credential, cookie, key or Referer, whatever its name.
func keepHarmless(h http.Header) {
	for key := range h { // which need not be canonical
		name := http.CanonicalHeaderKey(key)
		isHarmless := name == "Range" || name == "User-Agent" ||
			strings.HasPrefix(name, "Accept") || strings.HasPrefix(name, "If-")
		if !isHarmless {
			delete(h, key)
		}
	}
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
		from, _ := c.target(r.Response.Request)
		to, _ := c.target(r)
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

// follows reports whether the call follows the redirect resp, the response to its request
// number hops. Through HTTP(), the caller's http.Client does that. A body is not sent
// again.
func (x *call) follows(req *http.Request, resp *http.Response, hops int) bool {
	location := resp.Header.Get("Location")
	if x.dropIn || hops >= maxHops || location == "" || !slices.Contains(redirects, resp.StatusCode) {
		return false
	}
	hasBody := hops == 1 && x.request.body != nil
	to, err := req.URL.Parse(location)
	return err == nil && (!hasBody || resp.StatusCode == http.StatusSeeOther) && mayFollow(req.Method, resp.StatusCode, req.URL, to)
}

// hopTo returns the request that a redirect which is followed asks for.
func hopTo(req *http.Request, resp *http.Response) *http.Request {
	location := resp.Header.Get("Location")
	to, _ := req.URL.Parse(location) // follows has parsed it
	next := &http.Request{Method: req.Method, URL: to, Header: req.Header.Clone(), Response: resp}
	for _, name := range bodyHeaders {
		next.Header.Del(name)
	}
	if req.Method != http.MethodHead {
		next.Method = http.MethodGet
	}
	if relative, err := url.Parse(location); err == nil && relative.Host == "" {
		next.Host = req.Host // which the caller may have set
	}
	return next.WithContext(req.Context())
}

// bodyHeaders are about a body, which is not sent on.
var bodyHeaders = []string{"Content-Type", "Content-Encoding", "Content-Language", "Content-Location"}

// passed ends an attempt whose redirect is followed. A POST with a 303 was executed: from
// here on the call is the GET for its result, and no failure of that GET proves that the
// POST was not executed.
func (x *call) passed(req *http.Request, resp *http.Response, next *http.Request) {
	x.endAttempt(resp.StatusCode, nil, "redirect followed")
	x.report(traffic.Report{})
	x.attempt.Body().Drop()
	resp.Body = http.NoBody
	if req.Method == http.MethodPost {
		moved := *next
		moved.Response = nil
		x.request = x.request.movedTo(&moved, x.c.belowBase(next.URL))
		x.history.doubt(apierrors.AppliedUnknown)
	}
}

// checkRedirect is the CheckRedirect of the http.Client that HTTP returns.
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

// appliedByRedirect returns what a redirect proves: 307 and 308 ask for the same request
// elsewhere, so it was not executed here (RFC 9110 sections 15.4.8 and 15.4.9).
func appliedByRedirect(status int) apierrors.Applied {
	if status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect {
		return apierrors.AppliedNo
	}
	return apierrors.AppliedUnknown
}
