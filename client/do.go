package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	apierrors "github.com/retrywise/retrywise/errors"
)

// Do makes call and decodes the JSON response into a T.
//
// Every failure is an *apierrors.Error: an error response, no response, a body that is not
// a T (class malformed_response; after a write, applied: yes), and a redirect that is not
// followed (see Send). An accepted failure, a 204, a 304 and an empty body give the zero T.
// Do is safe for concurrent use.
func Do[T any](ctx context.Context, c *Client, call Call) (T, error) {
	r, err := DoResponse[T](ctx, c, call)
	return r.Value, err
}

// A Response is what DoResponse returns of a call that succeeded.
type Response[T any] struct {
	Value    T
	Status   int
	Header   http.Header         // such as Link, ETag
	Accepted bool                // it is a failure that was accepted, such as a DELETE of what is gone
	Attempts []apierrors.Attempt // the last one is the success
}

// DoResponse is Do for a caller who needs more than the value. If the error is not nil, the
// Response is zero; the error has the status and the attempts.
func DoResponse[T any](ctx context.Context, c *Client, call Call) (Response[T], error) {
	var r Response[T]
	x, err := c.typedCall(ctx, call)
	if err != nil {
		return r, err
	}
	var value T
	x.decode = func(data []byte) error {
		var fresh T
		if err := json.Unmarshal(data, &fresh); err != nil {
			return err
		}
		value = fresh
		return nil
	}
	resp, err := x.run()
	if err != nil {
		return r, err
	}
	_ = resp.Body.Close() // it was read, or is not wanted
	return Response[T]{value, resp.StatusCode, resp.Header, x.accepted, x.history.list()}, nil
}

// typedCall begins a call of the typed door.
func (c *Client) typedCall(ctx context.Context, typed Call) (*call, error) {
	if c == nil {
		return nil, malformed(typed.Options.Op, "the Client is nil", nil)
	}
	req, err := c.typedRequest(ctx, typed)
	if err != nil {
		return nil, err
	}
	return c.newCall(req, typed.Options)
}

// maxTypedResponse bounds a response that is decoded here. Use Send for more.
const maxTypedResponse = 32 << 20

var errTooLong = errors.New("the response is longer than 32 MiB: use Send")

// readTyped reads a whole response for the typed door.
func readTyped(body io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(body, maxTypedResponse+1))
	if err == nil && len(data) > maxTypedResponse {
		err = errTooLong
	}
	return bytes.TrimSpace(data), err
}
