package vendors

import (
	"net/http"
	"regexp"
	"slices"

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
	signs       []sign

	hasBadSuccess bool // a rule is for a status of 2xx or 300
	limitNames    []limitName
	verdict       verdict
	rename        map[string]string
	requestID     answer.Pointer            // in the body; nil: none
	fieldLists    map[string]*regexp.Regexp // by code: the fields that a message lists
}

// A limitName says that a response names limit if it has a sign.
type limitName struct {
	sign  sign
	limit string
}

// A verdict is where a response says whether to retry; see verdictRow. Without a header, nowhere.
type verdict struct{ header, yes, no string }

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
	if !v.profile.ErrorsIn2xx && b == nil || a.Status < 200 || a.Status > http.StatusMultipleChoices {
		return nil
	}
	body, isParsed := answer.Parse(a.Body)
	switch met := d.met(a, body); {
	case a.Status == http.StatusMultipleChoices:
		return v.byStatus(a, body)
	case len(met) > 0:
		f := d.whole(a, body)
		f.Refused = !slices.ContainsFunc(met, func(c condition) bool { return !c.refused })
		return f
	case b != nil:
		return d.inBatch(*b, a, body, isParsed)
	default:
		return v.byStatus(a, body)
	}
}

// byStatus returns the failure in a response with a status of 2xx or 300, or nil if no row is for
// that status.
func (v *Vendor) byStatus(a policy.Answer, body answer.Node) *policy.Failure {
	if !v.decoder.hasBadSuccess {
		return nil
	}
	f := v.decoder.whole(a, body)
	if !v.profile.Policy.HasStatusRule(*f, policy.State{Method: a.Method, Path: a.Path}) {
		return nil
	}
	return f
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
	if f.Items, f.General = d.items(body); len(f.Items) == 0 {
		f.Items = problem.Fields
	}
	for _, h := range d.headerCodes {
		if h.text.isIn(a.Header) {
			f.Items = append(f.Items, apierrors.Field{Code: h.code})
		}
	}
	r := content{a, body, f.Items}
	f.Wait, f.Conditions = d.wait(r), d.conditionsOf(r)
	d.verdict.read(a.Header, f)
	f.RequestID = d.requestIDIn(body)
	f.Limits = problem.Limits
	for _, l := range d.limitNames {
		if l.sign.isIn(r) {
			f.Limits = append(f.Limits, l.limit)
		}
	}
	return f
}

// read reads whether to retry.
func (v verdict) read(header http.Header, f *policy.Failure) {
	text := header.Get(v.header)
	f.AsksRetry, f.NoRetry = v.yes != "" && text == v.yes, v.no != "" && text == v.no
}

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
