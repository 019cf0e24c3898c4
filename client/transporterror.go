package client

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
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
	switch _, noCredential := errors.AsType[*credentialError](err); {
	case x.ctx.Err() != nil:
		f.Class = apierrors.Canceled
	case noCredential:
		summary = credentialFailure(&f, err)
	case x.isMalformed(err, f.Applied):
		f.Class = apierrors.MalformedRequest
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
	return isPermanent(err) && (applied == apierrors.AppliedNo || !reached)
}

// isOfTheBody reports whether the caller's request body is at fault.
func (x *call) isOfTheBody(err error) bool {
	_, noBody := errors.AsType[*wire.BodyError](err)
	return noBody || x.attempt != nil && x.attempt.BodyFailed()
}

// permanentTexts are net/http's errors that have no type and that no retry can cure;
// TestTransportErrorPermanentTexts produces each of them.
var permanentTexts = []string{
	"unsupported protocol scheme",
	"invalid header field",
	"invalid method",
	"no Host in request URL",
}

func isPermanent(err error) bool {
	return slices.ContainsFunc(permanentTexts, func(text string) bool { return strings.Contains(err.Error(), text) })
}

func isTimeout(err error) bool {
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout() || errors.Is(err, context.DeadlineExceeded)
}

func isNetworkFailure(err error) bool {
	_, isNet := errors.AsType[net.Error](err)
	return isNet || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
