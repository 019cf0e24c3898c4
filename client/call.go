package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
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
// *apierrors.Error; so is an answer that is no T (class malformed_response). An
// accepted answer, a 204, a 304 and an empty body leave T at its zero value. Do is
// safe for concurrent use.
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
	x.decode = func(resp *http.Response) error {
		var fresh T
		if err := decodeJSON(resp, &fresh); err != nil {
			return err
		}
		result = fresh
		return nil
	}
	resp, err := x.run()
	if err != nil {
		return zero, err
	}
	return result, resp.Body.Close()
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
	if strings.ContainsAny(call.Path, "?#") {
		return nil, malformed(call.Options.Op, "path: expected no query and no fragment; use Query", nil)
	}
	req, err := http.NewRequestWithContext(ctx, call.Method, call.Path, body)
	if err != nil {
		return nil, malformed(call.Options.Op, "the method or the path is malformed", err)
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

var errTooLong = errors.New("the answer is longer than 32 MiB: use Send")

// decodeJSON reads the whole answer into v; an empty one leaves v alone.
func decodeJSON(resp *http.Response, v any) error {
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxTypedAnswer+1))
	if err != nil {
		return err
	}
	if len(data) > maxTypedAnswer {
		return errTooLong
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	return json.Unmarshal(data, v)
}
