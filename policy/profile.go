package policy

import (
	"net/http"
	"slices"
)

// A Profile is what a client needs to know about a vendor's API, besides how to decode its
// responses. The zero Profile is that of an unknown API.
type Profile struct {
	// Name is the vendor's name, as in an operator's file and in Error.Vendor.
	Name string

	// BaseURL is the absolute URL of the API. It is empty if each account has its own. Names in
	// braces stand for a part that each account has of its own; see vendors.Vendor.URL.
	BaseURL string

	// Origins are further origins of the vendor that get the credential, as long as BaseURL is
	// in use.
	Origins []string

	// Policy says what to do about each failure.
	Policy Policy

	// ErrorsIn2xx means that a response with a status of 2xx may hold an error, so the
	// client must decode it.
	ErrorsIn2xx bool

	// PeekBytes is how many bytes of such a response are searched for an error if it is
	// streamed; a longer one is a success. Zero means 4096.
	PeekBytes int

	// Idempotency is where the vendor honors idempotency keys.
	Idempotency Idempotency

	// Batches are the requests that have many items, some of which may have failed in a response
	// with a status of 2xx: the client decodes it. Of each Endpoint, Methods and Paths count.
	Batches []Endpoint

	// Pages say how lists are read page by page. The first that covers a request counts.
	Pages []Paging

	// RequestIDHeaders are the response headers that may hold the id of the request, the
	// most exact first. Nil stands for the common ones, such as X-Request-Id. An id in the
	// body goes before them: see Failure.RequestID.
	RequestIDHeaders []string

	// Quotas returns what the vendor's own headers and bodies say about its limits, also in
	// successes. What it says is left of a limit replaces what the common headers say about the
	// limit of that name, and about one without a name. The body of a success is there only if
	// the client reads it: in Do, or, if it is short enough, where ErrorsIn2xx is set. Nil
	// means that only the common headers are read. It is safe for concurrent use.
	Quotas func(Answer) []Quota
}

// IsBatch reports whether a request has many items. path is that of State.Path.
func (p Profile) IsBatch(method, path string) bool {
	return slices.ContainsFunc(p.Batches, func(e Endpoint) bool { return e.Covers(method, path) })
}

// requestIDHeaders are the common ones: of single vendors (GitHub, Zendesk), of many, of gateways,
// and the one that Microsoft Graph returns as the caller sent it.
var requestIDHeaders = []string{
	"X-Github-Request-Id", "X-Zendesk-Request-Id", "Request-Id", "X-Request-Id", "X-Correlation-Id", "X-Amzn-Requestid", "X-Amz-Apigw-Id", "X-Kong-Request-Id", "Cf-Ray",
	"Client-Request-Id",
}

// RequestID returns the id of a request from the headers of its response, or "" if it has
// none.
func (p Profile) RequestID(header http.Header) string {
	names := p.RequestIDHeaders
	if names == nil {
		names = requestIDHeaders
	}
	for _, name := range names {
		if id := header.Get(name); id != "" {
			return id
		}
	}
	return ""
}
