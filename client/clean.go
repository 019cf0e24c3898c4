package client

import (
	"errors"
	"net/url"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
)

// CleanError returns err without the URL that net/http puts before it, which may hold a
// credential or a record's data. An *apierrors.Error inside is returned by itself; it
// prints its own URL, masked. Of any other failure of net/http, operation, scheme and
// host stay. What the caller has wrapped around either is dropped, as its text repeats
// the URL. An error that is none of net/http's comes back as it is.
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
	case outer.Op == "parse": // and then net/url quotes a part of it
		inner = errMalformedURL
	case strings.HasPrefix(inner.Error(), "failed to parse Location header"): // and then net/http quotes it
		inner = errMalformedLocation
	}
	return &url.Error{Op: outer.Op, URL: hostOf(outer.URL), Err: inner}
}

var (
	errMalformedURL      = errors.New("the URL is malformed")
	errMalformedLocation = errors.New("the Location of a redirect is malformed")
)

// hostOf leaves of a URL what identifies nobody.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "?"
	}
	return u.Scheme + "://" + u.Host
}
