package client

import (
	"errors"
	"net/http"

	apierrors "github.com/retrywise/retrywise/errors"
)

// smaller puts a smaller request of one of the caller's hooks in place of the request: of a
// batch of which a part is done the rest, and otherwise less of what was too large.
func (x *call) smaller() error {
	if len(x.last.decision.Again) > 0 {
		return x.split()
	}
	return x.shrink()
}

// shrink puts the smaller request of the caller's hook in place of the one that was too
// large.
func (x *call) shrink() error {
	smaller, err := x.request.options.Shrink(x.request.original)
	if err == nil && smaller != nil {
		smaller, err = reopened(smaller, x.request.original)
	}
	if err == nil && smaller != nil {
		o := x.request.options
		o.IdempotencyKey, o.Lookup = "", nil // it is another request
		err = x.replace(smaller, o)
	}
	if err != nil || smaller == nil {
		return x.notSmaller(err)
	}
	return nil
}

// reopened returns the smaller request with a body that was not read: a copy of the
// original has the original's body.
func reopened(smaller, original *http.Request) (*http.Request, error) {
	if smaller.Body == nil || smaller.Body != original.Body {
		return smaller, nil
	}
	if smaller.GetBody == nil {
		return nil, errSpent
	}
	body, err := smaller.GetBody()
	copied := *smaller
	copied.Body = body
	return &copied, err
}

var errSpent = errors.New("client: Shrink returned a request whose body has been read")

// replace makes smaller the request that is sent.
func (x *call) replace(smaller *http.Request, o CallOptions) error {
	x.request.body.Close()
	return x.take(smaller, o)
}

// notSmaller returns the error for a request for which there is no smaller one.
func (x *call) notSmaller(err error) *apierrors.Error {
	j := *x.last
	j.decision.Action, j.decision.Stop, j.decision.RetryIn = apierrors.Surface, apierrors.StopPermanent, j.failure.Wait
	e := x.failed(&j)
	e.Err = err
	return e
}
