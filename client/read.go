package client

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/internal/wire"
	"github.com/retrywise/retrywise/policy"
)

// Bounds of what is read of a response.
const (
	maxErrorBody = 64 << 10 // of an error's body
	maxPeek      = 4 << 10  // of a success that may hold an error, unless the vendor's data has another bound
)

// read reads what an attempt ended with, and returns the failure in it; nil for a success.
func (x *call) read(resp *http.Response, err error) *judgement {
	switch {
	case err != nil:
		return x.transportFailure(err)
	case resp.StatusCode < http.StatusOK && resp.StatusCode != http.StatusSwitchingProtocols:
		return x.notHTTP(resp)
	case x.c.isFailure(resp.StatusCode, x.request, x.destination):
		return x.readError(resp)
	case x.decode != nil:
		return x.readTyped(resp)
	default:
		return x.readStream(resp)
	}
}

// notHTTP is the failure of a response without the status of a final response, which a
// transport of the caller's may return.
func (x *call) notHTTP(resp *http.Response) *judgement {
	f := brokenSuccess(resp)
	f.Applied = apierrors.AppliedUnknown
	return &judgement{
		failure: f, answer: x.attempt.Body(), header: resp.Header, summary: fmt.Sprintf("%d is not the status of a response", resp.StatusCode),
	}
}

// readError reads an error's body, within its bounds, and explains it. A body that breaks
// off, or comes too slowly, is taken as far as it came; one that is clipped at the bound
// is whole, as another request would bring no more of it.
func (x *call) readError(resp *http.Response) *judgement {
	x.attempt.shown = x.attempt.Snapshot(resp) //nolint:bodyclose // run or judge does
	head, end := x.attempt.Body().Peek(x.c.decodedOf(resp))
	x.attempt.StopTimeout()
	x.attempt.text = content(resp, head)
	f := x.explain(resp)
	if f == nil {
		f = &policy.Failure{Status: resp.StatusCode}
	}
	f.Truncated = end != nil && !errors.Is(end, io.EOF)
	return &judgement{failure: *f, answer: x.attempt.Body(), body: head, header: resp.Header}
}

// isSuccess reports whether a response is a 2xx.
func isSuccess(resp *http.Response) bool { return resp.StatusCode/100 == 2 }

// brokenSuccess is the failure of a success that broke off or cannot be understood: the
// vendor did what was asked. A redirect that breaks off proves what a whole one does.
func brokenSuccess(resp *http.Response) policy.Failure {
	f := policy.Failure{Class: apierrors.MalformedResponse, Applied: apierrors.AppliedYes, Status: resp.StatusCode}
	if isRedirect(resp) {
		f.Applied = appliedByRedirect(resp.StatusCode)
	}
	return f
}

// readStream returns the response as a stream. If the vendor's 2xx may hold an error, its
// beginning is read: a response that ends within it may be one.
func (x *call) readStream(resp *http.Response) *judgement {
	if isRedirect(resp) && !x.dropIn && !isRead(x.request.http.Method) {
		j := redirected(resp)
		j.answer = x.attempt.Body()
		return j
	}
	if isSuccess(resp) && x.isBatch() {
		return x.readBatch(resp)
	}
	if isSuccess(resp) && x.hasErrorsIn2xx() && resp.ContentLength <= int64(x.c.maxPeek()) {
		if j := x.lookInside(resp); j != nil {
			return j
		}
	}
	x.attempt.StopTimeout()
	if resp.StatusCode == http.StatusSwitchingProtocols {
		resp.Body = x.attempt.Body().Upgraded()
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		x.attempt.MayStall()
		return nil
	}
	return x.readAhead(resp)
}

// readAhead reads the first bytes of the response to a GET, so that the GET can be retried if
// they break off.
func (x *call) readAhead(resp *http.Response) *judgement {
	max := *x.c.retry.ReadAhead
	if max == 0 || !isSuccess(resp) || x.request.http.Method != http.MethodGet {
		return nil
	}
	if x.attempt.shown == nil {
		x.attempt.shown = x.attempt.Snapshot(resp) //nolint:bodyclose // run or judge does
	}
	_, err := x.attempt.Body().ReadAhead(max)
	if err == nil {
		return nil
	}
	return &judgement{failure: brokenSuccess(resp), answer: x.attempt.Body(), header: resp.Header, summary: errBrokenOff.Error(), err: err}
}

var errBrokenOff = errors.New("the response broke off")

func (x *call) hasErrorsIn2xx() bool { return x.c.profile.ErrorsIn2xx && !x.destination.isForeign }

// lookInside returns the error at the beginning of a stream, or the failure to read it;
// nil if there is neither.
func (x *call) lookInside(resp *http.Response) *judgement {
	x.attempt.shown = x.attempt.Snapshot(resp) //nolint:bodyclose // run or judge does
	head, end := x.attempt.Body().Peek(x.c.decodedOf(resp))
	switch {
	case errors.Is(end, io.EOF):
		x.attempt.text = content(resp, head)
		j := x.errorIn2xx(resp)
		if j != nil {
			j.answer, j.body = x.attempt.Body(), head
		}
		return j
	case end == nil || wire.IsSlow(end):
		return nil
	default:
		return &judgement{failure: brokenSuccess(resp), answer: x.attempt.Body(), header: resp.Header, err: x.attempt.Cause(end)}
	}
}

// explain has the vendor decode what was read of the response to the latest attempt.
func (x *call) explain(resp *http.Response) *policy.Failure {
	a := answerTo(x.request, resp, x.attempt.text)
	if isSuccess(resp) && x.isBatch() {
		a.Sent = x.request.sentText()
	}
	return x.c.explain(x.destination, a)
}

// errorIn2xx returns the error that a success by status holds; nil if it holds none.
func (x *call) errorIn2xx(resp *http.Response) *judgement {
	if !x.hasErrorsIn2xx() {
		return nil
	}
	f := x.explain(resp)
	if f == nil {
		return nil
	}
	return &judgement{failure: *f, body: x.attempt.text, header: resp.Header}
}

// content returns what the beginning of a body says: see answer.Content. What does not
// decode is taken as far as it goes.
func content(resp *http.Response, body []byte) []byte { return contentUpTo(resp, body, maxErrorBody) }

// contentUpTo is content with a bound of max bytes.
func contentUpTo(resp *http.Response, body []byte, max int) []byte {
	text, _ := answer.Content(resp.Header, body, max)
	return text
}

// decodedOf returns how many bytes of a response are decoded, and what they must begin with.
func (c *Client) decodedOf(resp *http.Response) (limit int, wanted func([]byte) bool) {
	switch {
	case resp.StatusCode >= http.StatusBadRequest:
		return maxErrorBody, func([]byte) bool { return true }
	case resp.Header.Get("Content-Encoding") != "":
		return c.maxPeek(), isZippedDocument
	default:
		return c.maxPeek(), isDocument
	}
}

// maxPeek returns how many bytes of a success are searched for an error.
func (c *Client) maxPeek() int { return cmp.Or(c.profile.PeekBytes, maxPeek) }

// isDocument reports whether what begins with head may be JSON or XML.
func isDocument(head []byte) bool {
	head = bytes.TrimLeft(head, "\xef\xbb\xbf \t\r\n")
	return len(head) == 0 || bytes.IndexByte([]byte("{[<"), head[0]) >= 0
}

// isZippedDocument takes gzip for a document, as it shows only at its end.
func isZippedDocument(head []byte) bool {
	return isDocument(head) || bytes.HasPrefix([]byte{0x1f, 0x8b}, head[:min(len(head), 2)])
}
