package client

import (
	"net/http"
	"time"

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
	body, _ := answer.Parse(a.Body) // what cannot be read is not a problem document
	return &policy.Failure{Status: a.Status, Wait: retryAfter(a), Items: answer.Problem(a.Header, body)}
}

// retryAfter returns the longest wait of the Retry-After headers; 0 if there is none.
func retryAfter(a policy.Answer) time.Duration {
	var longest time.Duration
	for _, text := range a.Header.Values("Retry-After") {
		wait, _ := policy.ParseWait(text, policy.HTTP, a.Now())
		longest = max(longest, wait)
	}
	return longest
}
