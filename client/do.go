package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A Call is a typed JSON call for Do.
type Call struct {
	Method  string      // empty: GET
	Path    string      // below the base URL; escape what you put into it with url.PathEscape
	Query   url.Values  // nil: none
	Header  http.Header // in addition to Accept and Content-Type
	Body    any         // encoded as JSON, once; nil: none
	Options CallOptions
}

// maxTypedAnswer bounds an answer that is decoded here. Take Send for more.
const maxTypedAnswer = 32 << 20

// Do sends call and decodes the JSON answer into a T.
//
// An answer that the vendor calls a failure, and a failure to get one, is an
// *apierrors.Error; so is an answer that is no T (class malformed_response), and a
// redirect, as what it leads to was not done. An accepted answer, a 204, a 304 and an
// empty body leave T at its zero value. Do is safe for concurrent use.
func Do[T any](ctx context.Context, c *Client, call Call) (T, error) {
	var result, zero T
	req, err := c.request(ctx, call)
	if err != nil {
		return zero, err
	}
	x, err := c.newCall(req, call.Options)
	if err != nil {
		return zero, err
	}
	x.decode = func(data []byte) error {
		var fresh T
		if err := json.Unmarshal(data, &fresh); err != nil {
			return err
		}
		result = fresh
		return nil
	}
	resp, err := x.run()
	if err != nil {
		return zero, err
	}
	_ = resp.Body.Close() // it was read, or is not wanted
	return result, nil
}

// request encodes the body once; it is read again for each attempt.
func (c *Client) request(ctx context.Context, call Call) (*http.Request, error) {
	var body io.Reader
	if call.Body != nil {
		data, err := json.Marshal(call.Body)
		if err != nil {
			return nil, malformed(call.Options.Op, "the body cannot be encoded", err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, call.Method, call.Path, body)
	if err != nil {
		return nil, malformed(call.Options.Op, "the method or the path is malformed", err)
	}
	if !isPlainPath(req.URL) {
		return nil, malformed(call.Options.Op, "path: expected a path alone: no host, no query (use Query), no . or .. in it", nil)
	}
	if call.Header.Get("Accept-Encoding") != "" {
		return nil, malformed(call.Options.Op, "header Accept-Encoding: Do decodes the answer by itself", nil)
	}
	req.URL.RawQuery = call.Query.Encode()
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, values := range call.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	return req, nil
}

// isPlainPath reports whether u is a path alone that stays below where it is put. A
// record's key can be "..", and url.PathEscape leaves that as it is.
func isPlainPath(u *url.URL) bool {
	segments := strings.Split(u.Path, "/")
	return u.Scheme == "" && u.Host == "" && u.Opaque == "" && u.RawQuery == "" && !u.ForceQuery && u.Fragment == "" &&
		!slices.Contains(segments, ".") && !slices.Contains(segments, "..")
}

var errTooLong = errors.New("the answer is longer than 32 MiB: use Send")

// readTyped reads a whole answer for the typed door.
func readTyped(body io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(body, maxTypedAnswer+1))
	if err == nil && len(data) > maxTypedAnswer {
		err = errTooLong
	}
	return bytes.TrimSpace(data), err
}
