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
	outer, ok := errors.AsType[*url.Error](err)
	if !ok {
		return err
	}
	if ours, ok := errors.AsType[*apierrors.Error](outer.Err); ok {
		return ours
	}
	inner := CleanError(outer.Err)
	if strings.HasPrefix(inner.Error(), "failed to parse Location header") { // and then net/http quotes it
		inner = errors.New("the Location of a redirect is malformed")
	}
	return &url.Error{Op: outer.Op, URL: hostOf(outer.URL), Err: inner}
}

// hostOf leaves of a URL what identifies nobody.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "?"
	}
	return u.Scheme + "://" + u.Host
}
