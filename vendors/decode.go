package vendors

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// A decoder is a vendor's decode data, compiled.
type decoder struct {
	shapes      []shape
	headerCodes []headerCode
	waits       []waitSource
	limitNames  []limitName
	rename      map[string]string
	fieldLists  map[string]*regexp.Regexp // by code: names fields inside the message
}

// A headerCode is a code that some header's text tells.
type headerCode struct {
	headers        []string // canonical names
	contains, code string
}

// A waitSource is where a wait is told: a header, or else the body.
type waitSource struct {
	header, body string
	unit         policy.Unit
}

// A limitName is how an answer names a limit.
type limitName struct{ body, contains, limit string }

// Decode explains an answer, or returns nil if it is not a failure. It is total, pure
// and quick: any bytes give a Failure, and what cannot be understood is left to its
// status. HTML and plain text never become a message. An answer that no shape of the
// vendor fits is read as a problem document (RFC 9457), if it is one.
func (v *Vendor) Decode(a policy.Answer) *policy.Failure {
	isSuccess := a.Status < http.StatusBadRequest
	if isSuccess && (!v.errorsIn2xx || a.Status < 200 || a.Status > 299) {
		return nil
	}
	d := v.decoder
	f := &policy.Failure{Status: a.Status}
	body, _ := answer.Parse(a.Body) // what cannot be read is an empty node
	f.Items = d.items(body)
	if isSuccess {
		if !d.isError(f.Items, body) {
			return nil
		}
	} else if len(f.Items) == 0 {
		f.Items = answer.Problem(a.Header, body)
	}
	f.Details = d.details(body)
	for _, h := range d.headerCodes {
		if h.told(a.Header) {
			f.Items = append(f.Items, apierrors.Field{Code: h.code})
		}
	}
	f.Wait = d.longestWait(a, body)
	for _, l := range d.limitNames {
		if n, ok := body.At(l.body); ok && strings.Contains(n.Text, l.contains) {
			f.Limit = l.limit
		}
	}
	return f
}

// isError reports whether items that were found in a success make it an error: one has
// a code, or they stand in a place of their own below the body.
func (d decoder) isError(items []apierrors.Field, body answer.Node) bool {
	if len(items) == 0 {
		return false
	}
	return slices.ContainsFunc(items, func(f apierrors.Field) bool { return f.Code != "" }) ||
		slices.ContainsFunc(d.shapes, func(s shape) bool { return s.in != "" && len(s.find(body)) > 0 })
}

func (h headerCode) told(header http.Header) bool {
	for _, name := range h.headers {
		for _, value := range header[name] {
			if strings.Contains(value, h.contains) {
				return true
			}
		}
	}
	return false
}

// longestWait returns the longest of all waits that the answer tells; 0 if none.
func (d decoder) longestWait(a policy.Answer, body answer.Node) time.Duration {
	now := a.Now()
	var longest time.Duration
	for _, w := range d.waits {
		for _, told := range w.texts(a.Header, body) {
			if wait, ok := policy.ParseWait(told, w.unit, now); ok {
				longest = max(longest, wait)
			}
		}
	}
	return longest
}

func (w waitSource) texts(header http.Header, body answer.Node) []string {
	if w.header != "" {
		return header[w.header]
	}
	if n, ok := body.At(w.body); ok {
		return []string{n.Text}
	}
	return nil
}
