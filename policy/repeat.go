package policy

import (
	"net/http"
	"slices"

	apierrors "github.com/retrywise/retrywise/errors"
)

// idempotent are the methods of RFC 9110 section 9.2.2.
var idempotent = []string{
	http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete,
}

// IsIdempotent reports whether sending a request twice does no more than sending it once,
// as far as its method tells. A vendor's data may know better.
func IsIdempotent(method string) bool { return slices.Contains(idempotent, method) }

// mayRepeat reports whether a repeat cannot make a write happen twice. The caller and
// the operator know best, then the vendor's data on the endpoint, then the method.
func (p Policy) mayRepeat(r Rule, s State) bool {
	if r.Applied == apierrors.AppliedNo || s.Repeatable || s.HasKey || r.RepeatUnsafe {
		return true
	}
	if e, ok := p.endpoint(s); ok {
		return e.Repeatable
	}
	return IsIdempotent(s.method())
}

// endpoint is the first one that knows the request.
func (p Policy) endpoint(s State) (Endpoint, bool) {
	for _, e := range p.endpoints {
		if matchesRequest(e.Methods, e.Paths, s.method(), s.Path) {
			return e, true
		}
	}
	return Endpoint{}, false
}

// forbids says why a request must not be sent twice; StopNone if it may.
func (p Policy) forbids(r Rule, s State) apierrors.Stop {
	switch {
	case !p.mayRepeat(r, s):
		return apierrors.StopUnsafe
	case s.OneShotBody:
		return apierrors.StopBodySpent
	default:
		return apierrors.StopNone
	}
}
