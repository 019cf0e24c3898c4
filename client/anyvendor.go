package client

import (
	"net/http"

	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// anyVendor stands in where no vendor is configured: a response is judged by its status,
// problem documents (RFC 9457) are read, and Retry-After is honoured.
type anyVendor struct{}

func (anyVendor) Profile() policy.Profile { return policy.Profile{} }

func (anyVendor) Decode(a policy.Answer) *policy.Failure {
	if a.Status < http.StatusBadRequest {
		return nil
	}
	wait, _ := policy.ParseWait(a.Header.Get("Retry-After"), policy.HTTP, a.Now())
	body, _ := answer.Parse(a.Body) // what cannot be read is not a problem document
	return &policy.Failure{Status: a.Status, Wait: wait, Items: answer.Problem(a.Header, body)}
}
