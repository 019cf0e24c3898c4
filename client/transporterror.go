package client

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/wire"
	"github.com/retrywise/retrywise/policy"
)

// transportFailure is the failure of an attempt without a response. What it proves is RFC
// 9110 section 9.2.2 made concrete; see wire.Attempt.Applied.
func (x *call) transportFailure(err error) *judgement {
	f := policy.Failure{Class: apierrors.Network, Applied: apierrors.AppliedNo} // of an attempt that did not begin
	if a := x.attempt; a != nil {
		f.Applied, f.Stale = a.Applied(err), a.IsStale(err)
	}
	summary := ""
	switch {
	case x.ctx.Err() != nil:
		f.Class = apierrors.Canceled
	case is[*credentialError](err):
		summary = credentialFailure(&f, err)
	case x.isMalformed(err, f.Applied):
		f.Class, summary = apierrors.MalformedRequest, unsendable(err)
		if x.c.wire.IsDirect() { // net/http says so before it looks for a connection
			f.Applied = apierrors.AppliedNo
		}
	case x.isOfTheBody(err):
		f.Class, f.Permanent = apierrors.MalformedRequest, true
		summary = "the request body failed, or is not as long as declared"
	default:
		summary = x.causeOf(&f, err)
	}
	return &judgement{failure: f, summary: summary, err: err}
}

// isMalformed reports whether net/http refused to send the request.
func (x *call) isMalformed(err error, applied apierrors.Applied) bool {
	reached := x.attempt != nil && x.attempt.Reached()
	return unsendable(err) != "" && (applied == apierrors.AppliedNo || !reached)
}

// isOfTheBody reports whether the caller's request body is at fault.
func (x *call) isOfTheBody(err error) bool {
	return is[*wire.BodyError](err) || x.attempt != nil && x.attempt.BodyFailed()
}

// unsendableTexts are net/http's errors that have no type and that no retry can cure, with a
// sentence for each; TestTransportErrorUnsendableTexts produces each of them.
var unsendableTexts = [][2]string{
	{"unsupported protocol scheme", "the transport has no protocol for the URL's scheme"},
	{"invalid header field", "a header has a name or a value that cannot be sent"},
	{"invalid method", "the method is not one of HTTP"},
	{"no Host in request URL", "the URL has no host"},
}

// unsendable returns why net/http cannot send a request, or "" if err is not about that.
func unsendable(err error) string {
	for _, known := range unsendableTexts {
		if strings.Contains(err.Error(), known[0]) {
			return known[1]
		}
	}
	return ""
}

func isTimeout(err error) bool {
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout() || errors.Is(err, context.DeadlineExceeded)
}

func isNetworkFailure(err error) bool {
	return is[net.Error](err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
