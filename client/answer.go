package client

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// outcome reads what an attempt ended with; nil is a success.
func (x *call) outcome(resp *http.Response, err error) *outcome {
	if err != nil {
		return &outcome{failure: x.wireFailure(err), err: withoutURL(err)}
	}
	if x.attempt.location != nil {
		resp.Header["Location"] = x.attempt.location
	}
	switch {
	case resp.StatusCode >= http.StatusBadRequest:
		return x.readError(resp)
	case x.decode != nil:
		return x.readTyped(resp)
	default:
		return x.readStream(resp)
	}
}

// readError looks at an error's body, within its bounds, and has it explained. One that
// breaks off, or comes too slowly, is taken as far as it came; one that is clipped at
// the bound is whole, as asking again would bring no more of it.
func (x *call) readError(resp *http.Response) *outcome {
	x.attempt.show(resp)
	head, end := x.attempt.body.look(maxErrorBody, anything)
	x.attempt.clock.stop()
	f := x.explain(resp, plain(resp, head))
	if f == nil {
		f = &policy.Failure{Status: resp.StatusCode}
	}
	f.Truncated = end != nil && !errors.Is(end, io.EOF)
	return &outcome{failure: *f, answer: x.attempt.body, body: head, header: resp.Header}
}

// show makes the caller's answer one of its own: the transport fills in trailers when
// the body ends, and the goroutine that looks at it may be the one that meets the end.
func (a *attempt) show(resp *http.Response) {
	shown := *resp
	shown.Trailer = maps.Clone(resp.Trailer)
	a.shown = &shown
	a.body.ended = func() {
		if shown.Trailer == nil {
			shown.Trailer = resp.Trailer
			return
		}
		maps.Copy(shown.Trailer, resp.Trailer)
	}
}

// explain has an answer decoded, unless it is not the vendor's.
func (x *call) explain(resp *http.Response, body []byte) *policy.Failure {
	vendor := x.c.vendor
	if x.strange {
		vendor = anyVendor{}
	}
	told := vendor.Decode(policy.Answer{Status: resp.StatusCode, Header: resp.Header, Body: body, Received: time.Now()})
	if told == nil {
		return nil
	}
	f := *told
	f.Items = slices.Clone(f.Items) // which may be shared by answers
	return &f
}

// readTyped reads the whole answer and decodes it. A redirect is none: what it leads to
// was not done.
func (x *call) readTyped(resp *http.Response) *outcome {
	a := x.attempt
	data, err := readTyped(a.body)
	a.clock.stop()
	if err != nil {
		err = a.why(err)
	}
	_ = a.body.Close()
	resp.Body = http.NoBody
	f := brokenSuccess(resp)
	switch {
	case resp.StatusCode == http.StatusNotModified:
		return nil
	case resp.StatusCode >= http.StatusMultipleChoices:
		f.Permanent, f.Applied = true, appliedByRedirect(resp.StatusCode)
		return &outcome{failure: f, header: resp.Header, err: errRedirect}
	}
	if err == nil && len(data) <= maxPeek {
		if told := x.errorIn2xx(resp, data); told != nil {
			return told
		}
	}
	if err == nil && len(data) > 0 {
		err = x.decode(data)
	}
	if err == nil {
		return nil
	}
	f.Permanent = errors.Is(err, errTooLong)
	return &outcome{failure: f, header: resp.Header, err: err}
}

// isSuccess reports whether an answer is a 2xx.
func isSuccess(resp *http.Response) bool { return resp.StatusCode/100 == 2 }

// brokenSuccess is the failure of a success that broke off or cannot be understood: what
// was asked for has been done.
func brokenSuccess(resp *http.Response) policy.Failure {
	return policy.Failure{Class: apierrors.MalformedResponse, Applied: apierrors.AppliedYes, Status: resp.StatusCode}
}

var errRedirect = errors.New("the answer is a redirect, which is not followed")

// appliedByRedirect is what a redirect proves: 307 and 308 ask for the same request
// elsewhere, so it was not executed here (RFC 9110 sections 15.4.8 and 15.4.9).
func appliedByRedirect(status int) apierrors.Applied {
	if status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect {
		return apierrors.AppliedNo
	}
	return apierrors.AppliedUnknown
}

// readStream hands the answer on as a stream. Of a vendor that tells errors in a 2xx,
// the beginning is looked at: an answer that ends within it may be one.
func (x *call) readStream(resp *http.Response) *outcome {
	a := x.attempt
	if isSuccess(resp) && x.tellsIn2xx() && resp.ContentLength <= maxPeek {
		if told := x.lookInside(resp); told != nil {
			return told
		}
	}
	a.clock.stop()
	if resp.StatusCode == http.StatusSwitchingProtocols {
		resp.Body = upgraded(a.body)
	}
	return nil
}

func (x *call) tellsIn2xx() bool { return x.c.vendor.ErrorsIn2xx() && !x.strange }

// upgraded is the connection behind a 101, which the caller reads and writes. Nothing
// watches over it.
func upgraded(b *answerBody) io.ReadCloser {
	writer, ok := b.ReadCloser.(io.Writer)
	if !ok {
		return b
	}
	return struct {
		io.Reader
		io.Writer
		io.Closer
	}{b.ReadCloser, writer, b}
}

// lookInside is the error at the beginning of a stream, or the failure to read it; nil
// if there is neither.
func (x *call) lookInside(resp *http.Response) *outcome {
	x.attempt.show(resp)
	wanted := isDocument
	if resp.Header.Get("Content-Encoding") != "" {
		wanted = isZippedDocument
	}
	head, end := x.attempt.body.look(maxPeek, wanted)
	switch {
	case errors.Is(end, io.EOF):
		if told := x.errorIn2xx(resp, plain(resp, head)); told != nil {
			told.answer, told.body = x.attempt.body, head
			return told
		}
		return nil
	case end == nil || errors.Is(end, errSlow):
		return nil
	default:
		return &outcome{failure: brokenSuccess(resp), answer: x.attempt.body, header: resp.Header, err: x.attempt.why(end)}
	}
}

// plain is a bounded copy of a body without the compression that the caller asked for by
// a header of its own; net/http takes off what it asked for itself. What does not
// decompress is as it came.
func plain(resp *http.Response, body []byte) []byte {
	if !strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		return body
	}
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return body
	}
	text, _ := io.ReadAll(io.LimitReader(reader, maxErrorBody)) // as far as it goes
	return text
}

// errorIn2xx is the error that a success by status holds; nil if it holds none.
func (x *call) errorIn2xx(resp *http.Response, body []byte) *outcome {
	if !x.tellsIn2xx() {
		return nil
	}
	f := x.explain(resp, body)
	if f == nil {
		return nil
	}
	return &outcome{failure: *f, body: body, header: resp.Header}
}
