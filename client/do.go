package client

import (
	"context"
	"net/http"

	apierrors "github.com/retrywise/retrywise/errors"
)

// Do makes call and decodes the JSON response into a T.
//
// Every failure is an *apierrors.Error: an error response, no response, a body that is not
// a T (class malformed_response; after a write, applied: yes), and a redirect that is not
// followed (see Send). Of a batch that failed in part (class partial), the value is returned
// beside the error, as far as the response decodes. The zero T is returned for an accepted failure, a 204, 205 or 304, for a
// write whose response has no body, and for one of which only a look-up found that it was
// executed (see CallOptions.Lookup). Do is safe for concurrent use.
func Do[T any](ctx context.Context, c *Client, call Call) (T, error) {
	r, err := DoResponse[T](ctx, c, call)
	return r.Value, err
}

// A Response is what DoResponse returns of a call that succeeded, or of a batch that did in part.
// If only a look-up found that the call was executed, its response is lost: it is accepted, and has
// no Status and no Header.
type Response[T any] struct {
	Value    T
	Status   int
	Header   http.Header         // such as Link, ETag
	Accepted bool                // it is a failure that was accepted, such as a DELETE of what is gone
	Attempts []apierrors.Attempt // the last one is the success, unless it was accepted
}

// DoResponse is Do for a caller who needs more than the value. If the error is not nil, the
// Response is zero, unless a batch failed in part; the error has the status and the attempts.
func DoResponse[T any](ctx context.Context, c *Client, call Call) (Response[T], error) {
	var r Response[T]
	x, err := c.typedCall(ctx, call)
	if err != nil {
		return r, err
	}
	var value T
	x.decode = func(resp *http.Response, data []byte) (err error) {
		if len(data) == 0 && x.needsNoBody(resp) {
			return nil
		}
		value, err = decoded[T](data)
		return err
	}
	resp, err := x.run()
	switch {
	case resp == nil && err == nil: // a look-up found it
		return Response[T]{Accepted: true, Attempts: x.history.list()}, nil
	case resp == nil:
		return r, err
	}
	_ = resp.Body.Close() // it was read, or is not wanted
	return Response[T]{value, resp.StatusCode, resp.Header, x.accepted, x.history.list()}, err
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
