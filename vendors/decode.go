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
	headerCodes []headerCode
	waits       []waitSource
	signs       []sign
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
	isSuccess := a.Status < http.StatusBadRequest
	if isSuccess && (!v.profile.ErrorsIn2xx || a.Status < 200 || a.Status > 299) {
		return nil
	}
	d := v.decoder
	f := &policy.Failure{Status: a.Status}
	body, isDocument := answer.Parse(a.Body) // an empty node if it is not well-formed
	if isSuccess {
		met := d.met(body)
		if len(met) == 0 {
			return nil
		}
		f.Refused = !slices.ContainsFunc(met, func(c condition) bool { return !c.refused })
	}
	problem := answer.ProblemOf(a.Header, body)
	if f.Items, f.General = d.items(body); len(f.Items) == 0 {
		f.Items = problem.Fields
	}
	f.Details = d.details(body)
	for _, h := range d.headerCodes {
		if h.text.isIn(a.Header) {
			f.Items = append(f.Items, apierrors.Field{Code: h.code})
		}
	}
	r := content{a, body, isDocument, f.Items}
	f.Wait, f.Conditions = d.wait(r), d.conditionsOf(r)
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
