package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/wire"
	"github.com/retrywise/retrywise/policy"
)

// transportFailure classifies the error of an attempt without a response. What it proves
// is RFC 9110 section 9.2.2 made concrete; see wire.Attempt.Applied.
func (x *call) transportFailure(err error) policy.Failure {
	applied, reached, bodyFailed := apierrors.AppliedNo, false, false // an attempt that did not begin
	if a := x.attempt; a != nil {
		applied, reached, bodyFailed = a.Applied(err), a.Reached(), a.BodyFailed()
	}
	_, noBody := errors.AsType[*wire.BodyError](err)
	_, noCredential := errors.AsType[*credentialError](err)
	f := policy.Failure{Class: apierrors.Network, Applied: applied, Stale: x.attempt.isStale(err)}
	switch {
	case x.ctx.Err() != nil:
		f.Class = apierrors.Canceled
	case noCredential:
		f.Class, f.Wait = credentialClass(err), retryAfterOf(err)
	case isPermanent(err) && (applied == apierrors.AppliedNo || !reached):
		f.Class = apierrors.MalformedRequest
		if x.c.wire.IsDirect() { // net/http says so before it looks for a connection
			f.Applied = apierrors.AppliedNo
		}
	case noBody || bodyFailed:
		f.Class, f.Permanent = apierrors.MalformedRequest, true
	case isCertificateFailure(err):
		f.Permanent = true
	case isTimeout(err):
		f.Class = apierrors.Timeout
	}
	return f
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

// isCertificateFailure reports whether the vendor's certificate was refused.
func isCertificateFailure(err error) bool {
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, host := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	return verification || authority || host || invalid
}

func isTimeout(err error) bool {
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout() || errors.Is(err, context.DeadlineExceeded)
}

func isNetworkFailure(err error) bool {
	_, isNet := errors.AsType[net.Error](err)
	return isNet || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// retryAfterOf returns the wait until the RetryAt of an error of ours; 0 if it has none.
func retryAfterOf(err error) time.Duration {
	at, ok := apierrors.RetryAt(err)
	if !ok {
		return 0
	}
	return max(time.Until(at), 0)
}

// tokenServerClasses are the classes of a failed renewal that hold for the call as well. Any
// other failure with a response, such as not_found, is the token server's way to refuse.
var tokenServerClasses = []apierrors.Class{
	apierrors.Permission, apierrors.Configuration, apierrors.RateLimited, apierrors.QuotaExceeded,
	apierrors.LimitReached, apierrors.Timeout, apierrors.ServerError, apierrors.Network,
}

// refusedGrants are the error codes of OAuth 2.0 (RFC 6749 section 5.2) after which a
// person has to act. Libraries print them in errors of their own types.
var refusedGrants = []string{
	"invalid_grant", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
}

// credentialClass returns the class of a failure to get a credential: authentication only
// if it was refused. Whatever else kept the renewal from its end may pass.
func credentialClass(err error) apierrors.Class {
	class := apierrors.ClassOf(err)
	contains := func(code string) bool { return strings.Contains(err.Error(), code) }
	switch {
	case errors.Is(err, ErrRefused), errors.Is(err, ErrNotRenewable), errors.Is(err, ErrNoCredential):
		return apierrors.Authentication
	case slices.Contains(tokenServerClasses, class):
		return class
	case class == apierrors.Canceled, isTimeout(err):
		return apierrors.Timeout
	case class != apierrors.Unknown && class != apierrors.MalformedResponse, slices.ContainsFunc(refusedGrants, contains):
		return apierrors.Authentication
	case isNetworkFailure(err):
		return apierrors.Network
	default:
		return apierrors.ServerError
	}
}
