package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/retrywise/retrywise/internal/wire"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/traffic"
)

// A request is what a call sends: the caller's request with its whole URL, apart from its
// body. Shrink and a 303 replace it as a whole.
type request struct {
	original *http.Request // the caller's; never changed
	http     *http.Request // with its whole URL and the call's context, without a body
	path     string        // of the URL below the base URL, by which the vendor's data knows it
	endpoint string        // the path without the record
	body     *wire.Payload // nil: none
	options  CallOptions
	account  traffic.Account
	record   string // hash of the record's key; empty: none
	moved    bool   // a 303 led here, so that the caller does not know this request
	part     *part  // of the caller's batch, which was split; nil: it is whole
	isLookup bool   // of the outcome of another call
}

// newRequest makes the request that is sent for req, or says why it cannot be sent.
func (c *Client) newRequest(ctx context.Context, req *http.Request, o CallOptions) (r request, problem string) {
	r = request{original: req, body: wire.PayloadOf(req), options: o}
	target, path := c.home.target(req)
	if problem = c.problemWith(r, target, path); problem != "" {
		r.body.Close()
		return r, problem
	}
	whole := *req
	whole.URL, whole.Body, whole.GetBody, whole.ContentLength, whole.Response = target, nil, nil, 0, nil
	whole.Cancel = nil    //nolint:staticcheck // the call listens to it
	whole.RequestURI = "" // of a request that a server received, such as a reverse proxy's
	if b := bindingOf(req); b != nil {
		whole.Pattern = b.pattern
	}
	if whole.Method == "" {
		whole.Method = http.MethodGet
	}
	r.http, r.path, r.endpoint = whole.WithContext(ctx), path, policy.EndpointOf(path)
	if leadsToWrite(req) {
		r.options.IdempotencyKey, r.options.Weight = "", 0
	}
	r.account, r.record = c.accountOf(r.http, o), hashed(o.RecordKey)
	return r, ""
}

// problemWith says why a request to target cannot be sent; empty: it can.
func (c *Client) problemWith(r request, target *url.URL, path string) string {
	switch {
	case hasLostOptions(r.original):
		return "its context is not derived from the one that client.With gave it, so its options are lost"
	case target == nil:
		return "the URL has no host, and there is no Config.BaseURL for it"
	case r.body == nil && r.original.ContentLength > 0:
		return "ContentLength is set, but there is no Body"
	case r.options.Weight < 0:
		return "Weight: it is below zero"
	case r.options.Lookup != nil && len(r.options.Lookup.Problems()) > 0:
		return "Lookup: " + r.options.Lookup.Problems()[0]
	case r.options.IdempotencyKey == "":
	case r.original.Response == nil && c.isForeign(target):
		return "IdempotencyKey: the URL is not of the base URL's origin or of Origins, which alone get it"
	default:
		if problem := c.keyProblem(r, path); problem != "" {
			return "IdempotencyKey: " + problem
		}
	}
	return ""
}

// accountOf returns the account that a request belongs to: the one that the caller names,
// or the client's own if the client has the credential for it, or that of the credential
// in the request.
func (c *Client) accountOf(req *http.Request, o CallOptions) traffic.Account {
	a := traffic.Account{Vendor: c.profile.Name, Identity: hashed(o.Account)}
	if a.Vendor == "" {
		a.Vendor = c.home.nameOf(req.URL)
	}
	switch {
	case a.Identity != "":
	case c.authorizes(destination{url: req.URL}):
		a.Identity = hashed(c.account)
	default:
		a.Identity = identityOf(req)
	}
	return a
}

// movedTo returns the GET that a 303 asks for in place of r, a POST that was executed.
func (r request) movedTo(next *http.Request, path string) request {
	r.body.Close()
	r.http, r.path, r.endpoint, r.body, r.moved = next, path, policy.EndpointOf(path), nil, true
	r.options.IdempotencyKey, r.options.Weight = "", 0
	return r
}
