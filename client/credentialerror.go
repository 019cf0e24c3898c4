package client

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// credentialError is a failure of Auth.Apply: nothing was sent.
type credentialError struct{ error }

func (e *credentialError) Unwrap() error { return e.error }

// errUnusable is a credential that cannot be sent as a header.
type errUnusable struct{ problem string }

func (e errUnusable) Error() string { return "client: the credential: " + e.problem }

// unusable returns why a header that a credential needs cannot be sent, or "". The value is
// not part of it.
func unusable(name, value string) string {
	switch {
	case !isToken(name):
		return fmt.Sprintf("%.40q is not the name of a header", name)
	case value == "":
		return "header " + name + " is empty"
	case strings.ContainsFunc(value, isControl):
		return "header " + name + " has a line break or another control character"
	default:
		return ""
	}
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// isToken reports whether a name is one for a header (RFC 9110 section 5.6.2).
func isToken(name string) bool {
	isOther := func(r rune) bool {
		isAlphanumeric := '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
		return !isAlphanumeric && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	}
	return name != "" && !strings.ContainsFunc(name, isOther)
}

// checkAuth returns what is wrong with a fixed credential, or nil.
func checkAuth(a Auth) error {
	if f, ok := a.(fixed); ok {
		if problem := unusable(f.header, f.value.reveal()); problem != "" {
			return errUnusable{problem}
		}
	}
	return nil
}

// checkApplied returns why a header that Auth set cannot be sent, or nil.
func checkApplied(before, after http.Header) error {
	for name, values := range after {
		if slices.Equal(values, before[name]) {
			continue
		}
		for _, value := range values {
			if problem := unusable(name, value); problem != "" {
				return errUnusable{problem}
			}
		}
	}
	return nil
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

// credentialFailure completes the failure to get a credential, and returns a sentence for it.
func credentialFailure(f *policy.Failure, err error) string {
	f.Class, f.Wait = credentialClass(err), retryAfterOf(err)
	if e, ok := errors.AsType[errUnusable](err); ok {
		return e.problem
	}
	if e, ok := errors.AsType[*callbackError](err); ok {
		return e.problem
	}
	return ""
}

// credentialClass returns the class of a failure to get a credential: authentication only
// if it was refused. Whatever else kept the renewal from its end may pass.
func credentialClass(err error) apierrors.Class {
	class := apierrors.ClassOf(err)
	switch {
	case is[*callbackError](err):
		return apierrors.MalformedRequest
	case is[errUnusable](err), errors.Is(err, ErrRefused), errors.Is(err, ErrNotRenewable), errors.Is(err, ErrNoCredential):
		return apierrors.Authentication
	case slices.Contains(tokenServerClasses, class):
		return class
	case class == apierrors.Canceled, isTimeout(err):
		return apierrors.Timeout
	case class != apierrors.Unknown && class != apierrors.MalformedResponse, hasText(refusedGrants...)(err):
		return apierrors.Authentication
	case isNetworkFailure(err):
		return apierrors.Network
	default:
		return apierrors.ServerError
	}
}
