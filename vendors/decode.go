package vendors

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A decoder is a vendor's decode data, compiled.
type decoder struct {
	shapes      []shape
	headerCodes []headerCode
	waits       []waitSource
	limitNames  []limitName
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
// status. HTML and plain text never become a message.
func (v *Vendor) Decode(a policy.Answer) *policy.Failure {
	if a.Status < http.StatusBadRequest {
		return nil
	}
	d := v.decoder
	f := &policy.Failure{Status: a.Status}
	body, err := parseJSON(trimmed(a.Body))
	if err != nil {
		body = node{}
	}
	f.Items, f.Details = d.items(body)
	for _, h := range d.headerCodes {
		if h.told(a.Header) {
			f.Items = append(f.Items, apierrors.Field{Code: h.code})
		}
	}
	f.Wait = d.longestWait(a, body)
	for _, l := range d.limitNames {
		if n, ok := body.at(l.body); ok && strings.Contains(n.text, l.contains) {
			f.Limit = l.limit
		}
	}
	return f
}

// byteOrderMark is UTF-8's, which some servers put in front of JSON.
var byteOrderMark = []byte("\xef\xbb\xbf")

func trimmed(body []byte) []byte {
	return bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(body), byteOrderMark))
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
func (d decoder) longestWait(a policy.Answer, body node) time.Duration {
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

func (w waitSource) texts(header http.Header, body node) []string {
	if w.header != "" {
		return header[w.header]
	}
	if n, ok := body.at(w.body); ok {
		return []string{n.text}
	}
	return nil
}
