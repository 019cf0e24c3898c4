package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A Call is a typed call for Do.
type Call struct {
	// Method is GET if it is empty.
	Method string

	// Path is below the base URL. Escape what you put into it with url.PathEscape.
	Path string

	// Query may be nil.
	Query url.Values

	// Link is a link in an earlier response, such as that of the next page. It is an absolute
	// URL of the base URL's origin or Origins, or is resolved against Path (RFC 3986). It replaces
	// Query. Empty: there is none.
	Link string

	// Header is sent with the request. It overrides the Accept and Content-Type that Do sets.
	Header http.Header

	// Body is encoded once. url.Values is sent as a form. A []byte, string or io.Reader is
	// sent as it is, and needs a Content-Type in Header. Anything else is sent as JSON. A
	// *bytes.Buffer, *bytes.Reader, *strings.Reader or *os.File can be read again for a
	// retry; any other reader can be read only once. nil: no body.
	Body any

	Options CallOptions
}

// typedRequest makes the request of a typed call.
func (c *Client) typedRequest(ctx context.Context, typed Call) (*http.Request, error) {
	refuse := func(reason string, err error) (*http.Request, error) {
		return nil, malformed(typed.Options.Op, reason, err)
	}
	if ctx == nil {
		return refuse("the context is nil", nil)
	}
	body, kind, err := encode(typed.Body)
	if err != nil {
		return refuse("the body cannot be encoded", err)
	}
	req, err := http.NewRequestWithContext(ctx, typed.Method, typed.Path, body)
	switch {
	case err != nil:
		return refuse("the method or the path is malformed", err)
	case !isPlainPath(req.URL):
		return refuse("path: expected a path alone: no host, no query (use Query), no . or .. in it", nil)
	case len(valuesOf(typed.Header, "Accept-Encoding")) > 0:
		return refuse("header Accept-Encoding: Do decodes the response by itself", nil)
	case typed.Link != "" && len(typed.Query) > 0:
		return refuse("expected Link or Query, not both", nil)
	}
	req.URL.RawQuery = typed.Query.Encode()
	req.Header.Set("Accept", "application/json")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for name, values := range typed.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if body != nil && req.Header.Get("Content-Type") == "" {
		return refuse(fmt.Sprintf("a body of type %T needs a Content-Type in Header", typed.Body), nil)
	}
	if typed.Link != "" {
		if req.URL, err = c.linkedURL(req.URL, typed.Link); err != nil {
			return refuse("link: expected a URL of the base URL's origin or of Origins", nil)
		}
	}
	return req, nil
}

// encode returns a body to send, and its content type if the caller need not name it.
func encode(body any) (io.Reader, string, error) {
	switch b := body.(type) {
	case nil:
		return nil, "", nil
	case url.Values:
		return strings.NewReader(b.Encode()), "application/x-www-form-urlencoded", nil
	case []byte:
		return bytes.NewReader(b), "", nil
	case string:
		return strings.NewReader(b), "", nil
	case io.Reader:
		return b, "", nil
	default:
		data, err := json.Marshal(body)
		return bytes.NewReader(data), "application/json", err
	}
}

// isPlainPath reports whether u is a path alone that stays below where it is put. A
// record's key can be "..", and url.PathEscape leaves that as it is.
func isPlainPath(u *url.URL) bool {
	segments := strings.Split(u.Path, "/")
	return u.Scheme == "" && u.Host == "" && u.Opaque == "" && u.RawQuery == "" && !u.ForceQuery && u.Fragment == "" &&
		!slices.Contains(segments, ".") && !slices.Contains(segments, "..")
}

// linkedURL resolves a link against a path below the base URL. It must not leave the base
// URL's origin.
func (c *Client) linkedURL(path *url.URL, link string) (*url.URL, error) {
	from, _ := c.home.resolve(path)
	if from == nil {
		return nil, apierrors.MalformedRequest
	}
	to, err := from.Parse(link)
	if err != nil || !c.home.has(to) || to.User != nil {
		return nil, apierrors.MalformedRequest
	}
	return to, nil
}
