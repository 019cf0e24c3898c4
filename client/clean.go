package client

import (
	"errors"
	"net/url"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
)

// CleanError returns err without the URL in net/http's error text, as its query may hold a
// credential or a record's data. Of an *apierrors.Error it returns that, which masks the
// URL. Of net/http's other errors it keeps the operation, the scheme and the host. Errors
// that wrap one of these are dropped, as their text repeats the URL. An error that is not
// net/http's is returned as it is.
func CleanError(err error) error {
	if ours, ok := errors.AsType[*apierrors.Error](err); ok {
		return ours
	}
	outer, ok := errors.AsType[*url.Error](err)
	if !ok {
		return err
	}
	inner := CleanError(outer.Err)
	switch {
	case outer.Op == "parse": // net/url quotes a part of the URL
		inner = errMalformedURL
	case strings.HasPrefix(inner.Error(), "failed to parse Location header"): // net/http quotes it
		inner = errMalformedLocation
	case strings.HasPrefix(inner.Error(), "invalid proxy address"): // with its password
		inner = errMalformedProxy
	}
	return &url.Error{Op: outer.Op, URL: originOf(outer.URL), Err: inner}
}

var (
	errMalformedURL      = errors.New("the URL is malformed")
	errMalformedProxy    = errors.New("the address of the proxy is malformed")
	errMalformedLocation = errors.New("the Location of a redirect is malformed")
)

// originOf returns the scheme and host of a URL.
func originOf(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "?"
	}
	return u.Scheme + "://" + u.Host
}
