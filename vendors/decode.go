package vendors

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// A decoder decodes the responses of a vendor.
type decoder struct {
	shapes      []shape
	errorsIn2xx []condition
	batches     []batch
	headerCodes []headerCode
	waits       []waitSource
	limitNames  []limitName
	rename      map[string]string
	requestID   answer.Pointer            // in the body; nil: none
	fieldLists  map[string]*regexp.Regexp // by code: the fields that a message lists
}

// A limitName says that a response names limit if the value at body contains a text.
type limitName struct {
	body            answer.Pointer
	contains, limit string
}

// Decode returns the failure in a response, or nil if the response is a success. It
// accepts any bytes: a body that it cannot understand leaves the failure to the status.
// HTML and plain text never become a message. If the body has none of the vendor's forms
// but is a problem document (RFC 9457), it is decoded as one.
func (v *Vendor) Decode(a policy.Answer) *policy.Failure {
	d := v.decoder
	if a.Status >= http.StatusBadRequest {
		body, _ := answer.Parse(a.Body) // an empty node if it is not well-formed
		return d.whole(a, body)
	}
	b := d.batchOf(a)
	if (!v.profile.ErrorsIn2xx && b == nil) || a.Status < 200 || a.Status > 299 {
		return nil
	}
	body, isParsed := answer.Parse(a.Body)
	met := d.met(body)
	switch {
	case len(met) > 0:
		f := d.whole(a, body)
		f.Refused = !slices.ContainsFunc(met, func(c condition) bool { return !c.refused })
		return f
	case b != nil:
		return d.inBatch(*b, a, body, isParsed)
	default:
		return nil
	}
}

// whole returns the failure of a response as a whole.
func (d decoder) whole(a policy.Answer, body answer.Node) *policy.Failure {
	f := d.failure(a, body)
	f.Details = d.details(body)
	return f
}

// failure returns the failure of a response, or of one item of a batch.
func (d decoder) failure(a policy.Answer, body answer.Node) *policy.Failure {
	f := &policy.Failure{Status: a.Status}
	problem := answer.ProblemOf(a.Header, body)
	if f.Items = d.items(body); len(f.Items) == 0 {
		f.Items = problem.Fields
	}
	for _, h := range d.headerCodes {
		if h.text.isIn(a.Header) {
			f.Items = append(f.Items, apierrors.Field{Code: h.code})
		}
	}
	f.Wait = d.wait(a, body)
	f.RequestID = d.requestIDIn(body)
	f.Limits = problem.Limits
	for _, l := range d.limitNames {
		if slices.ContainsFunc(body.All(l.body), l.isIn) {
			f.Limits = append(f.Limits, l.limit)
		}
	}
	return f
}

// isIn reports whether n has the text.
func (l limitName) isIn(n answer.Node) bool { return strings.Contains(n.Text, l.contains) }

// maxRequestID is the length of the longest id that is printed, in bytes.
const maxRequestID = 128

// requestIDIn returns the id of the request in body, or "".
func (d decoder) requestIDIn(body answer.Node) string {
	id, ok := kindAt(body, d.requestID, answer.Text, answer.Scalar)
	if !ok || len(id.Text) > maxRequestID {
		return ""
	}
	return id.Text
}
