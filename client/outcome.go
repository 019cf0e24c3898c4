package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/wire"
	"github.com/retrywise/retrywise/policy"
)

// wireFailure says what an attempt without an answer proves, by the table of RFC 9110
// section 9.2.2 made concrete: not sent if nothing was handed to the transport, if that
// told that it never had a connection, or if the connection was never given the whole
// header section; refused if an HTTP/2 server promised so. In any other case, and with a
// transport that tells nothing, the outcome is unknown.
func (x *call) wireFailure(err error) policy.Failure {
	a := x.attempt
	f := policy.Failure{Class: apierrors.Network, Applied: appliedBy(a, err)}
	switch {
	case x.ctx.Err() != nil:
		f.Class = apierrors.Canceled
	case isCredentialFailure(err):
		f.Class, f.Wait = credentialClass(err), toldBy(err)
	case isHopeless(err) && (f.Applied == apierrors.AppliedNo || !a.reached()):
		f.Class = apierrors.MalformedRequest
		if x.isStandardWire() {
			f.Applied = apierrors.AppliedNo // it said so before it looked for a connection
		}
	case a.isOfTheBody(err):
		f.Class, f.Permanent = apierrors.MalformedRequest, true
	case isCertificateFailure(err):
		f.Permanent = true
	case isTimeout(err):
		f.Class = apierrors.Timeout
	}
	return f
}

func (x *call) isStandardWire() bool {
	return x.c.wire.IsDirect()
}

// hopeless lists failures of net/http that have no type and that no repeat can cure;
// TestHopelessTexts produces each of them.
var hopeless = []string{
	"unsupported protocol scheme",
	"invalid header field",
	"invalid method",
	"no Host in request URL",
}

func isHopeless(err error) bool {
	text := withoutURL(err).Error()
	for _, h := range hopeless {
		if strings.Contains(text, h) {
			return true
		}
	}
	return false
}

// isOfTheBody reports whether the caller's body failed, or was not as long as told.
func (a *attempt) isOfTheBody(err error) bool {
	_, failed := errors.AsType[*wire.BodyError](err)
	return failed || a != nil && a.BodyFailed()
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

// toldBy is the wait that a failure of ours tells; 0 if it tells none.
func toldBy(err error) time.Duration {
	at, ok := apierrors.RetryAt(err)
	if !ok {
		return 0
	}
	return max(time.Until(at), 0)
}

func isCredentialFailure(err error) bool {
	_, ok := errors.AsType[*credentialError](err)
	return ok
}

// ofTheTokenServer are the classes of a renewal's failure that say something of the
// call that needs the credential. Any other, such as not_found, is about the token
// request and not about the record: the credential cannot be had.
var ofTheTokenServer = []apierrors.Class{
	apierrors.Permission, apierrors.Configuration, apierrors.RateLimited, apierrors.QuotaExceeded,
	apierrors.LimitReached, apierrors.Timeout, apierrors.ServerError, apierrors.Network,
}

// credentialClass is what a credential's own failure says: a renewal that could not
// reach its server is that server's failure, and worth another run.
func credentialClass(err error) apierrors.Class {
	class := apierrors.ClassOf(err)
	switch {
	case slices.Contains(ofTheTokenServer, class):
		return class
	case class == apierrors.Canceled, isTimeout(err):
		return apierrors.Timeout
	case isNetworkFailure(err):
		return apierrors.Network
	default:
		return apierrors.Authentication
	}
}

func isNetworkFailure(err error) bool {
	_, ok := errors.AsType[*net.OpError](err)
	return ok
}

// withoutURL takes off net/http's wrapper, which prints the URL with its query.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// appliedBy is what an attempt without an answer proves; a nil attempt never began.
func appliedBy(a *attempt, err error) apierrors.Applied {
	if a == nil {
		return apierrors.AppliedNo
	}
	return a.Applied(withoutURL(err))
}

func (a *attempt) reached() bool { return a != nil && a.Reached() }
