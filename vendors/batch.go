package vendors

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// A batch is where the items of a batch stand; see batchRow for its fields.
type batch struct {
	on                    policy.Endpoint
	sent, sentKey         answer.Pointer
	items, index, key     answer.Pointer
	errorsOnly            bool
	oneIsWhole            bool
	done                  *mark // nil: none
	failed                []mark
	status, headers, body answer.Pointer
	shapes                []shape // nil: the vendor's
	refused               bool
}

// A mark is a value of an entry; see markRow.
type mark struct {
	at answer.Pointer
	is []string
}

func (m mark) isIn(entry answer.Node) bool { return hasValue(entry, m.at, m.is) }

// batchRequests returns the requests that are batches.
func (d decoder) batchRequests() []policy.Endpoint {
	var all []policy.Endpoint
	for _, b := range d.batches {
		all = append(all, policy.Endpoint{Methods: slices.Clone(b.on.Methods), Paths: slices.Clone(b.on.Paths)})
	}
	return all
}

// batchOf returns where the items of the request stand that a is the response to, or nil if
// that is no batch.
func (d decoder) batchOf(a policy.Answer) *batch {
	i := slices.IndexFunc(d.batches, func(b batch) bool { return b.on.Covers(a.Method, a.Path) })
	if i < 0 {
		return nil
	}
	return &d.batches[i]
}

// inBatch returns the failure in a 2xx to a batch, or nil if all items are done. If the body
// cannot be understood, all of them are in doubt.
func (d decoder) inBatch(b batch, a policy.Answer, body answer.Node, isParsed bool) *policy.Failure {
	if b.shapes != nil {
		d.shapes = b.shapes
	}
	entries := body.Each(b.items)
	if b.oneIsWhole && len(entries) == 1 {
		return d.entry(b, a, entries[0].Value)
	}
	t := newTally(b, a.Sent)
	f := &policy.Failure{Status: a.Status}
	if !isParsed && len(strings.TrimSpace(string(a.Body))) > 0 {
		f.Class, f.Applied = apierrors.MalformedResponse, apierrors.AppliedUnknown
		t.isLost = true
	} else {
		for _, entry := range entries {
			t.add(entry, d.entry(b, a, entry.Value))
		}
	}
	f.Batch = t.batch(a.Status)
	if f.Class == apierrors.None && len(f.Batch.Items) == 0 {
		return nil
	}
	return f
}

// entry returns the failure of the item that an entry is about; nil: it is done.
func (d decoder) entry(b batch, a policy.Answer, entry answer.Node) *policy.Failure {
	status, isKnown := integerAt(entry, b.status)
	isKnown = isKnown && status >= http.StatusContinue && status <= 999
	isMet := func(m mark) bool { return m.isIn(entry) }
	switch {
	case b.failed != nil && b.status == nil && !slices.ContainsFunc(b.failed, isMet):
		return nil
	case entry.Kind != answer.Object && !b.errorsOnly:
		return inDoubt("an entry that is no object", a.Status)
	case b.errorsOnly, slices.ContainsFunc(b.failed, isMet):
	case b.done != nil && !b.done.isIn(entry):
	case b.status != nil && !isKnown:
		return inDoubt("no status", a.Status)
	case b.status == nil || status < http.StatusBadRequest:
		return nil
	}
	own := policy.Answer{Status: a.Status, Received: a.Now(), Header: http.Header{}}
	if isKnown {
		own.Status = status
	}
	headers, _ := kindAt(entry, b.headers, answer.Object)
	for _, m := range headers.Members {
		own.Header.Add(m.Key, m.Value.Text)
	}
	if b.body != nil {
		entry, _ = entry.At(b.body)
	}
	f := d.failure(own, entry)
	f.Refused = b.refused
	return f
}

// inDoubt is the failure of an item of which the response does not say how it ended.
func inDoubt(cause string, status int) *policy.Failure {
	return &policy.Failure{Class: apierrors.MalformedResponse, Applied: apierrors.AppliedUnknown, Cause: cause, Status: status}
}

// integerAt returns the whole number to which p leads from n. It reports whether there is one.
func integerAt(n answer.Node, p answer.Pointer) (int, bool) {
	found, ok := kindAt(n, p, answer.Text, answer.Scalar)
	number, err := strconv.Atoi(found.Text)
	return number, ok && err == nil
}
