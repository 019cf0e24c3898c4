package client

import (
	"net/http"

	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// anyVendor stands in where no vendor is given: an answer is judged by its status,
// problem documents (RFC 9457) are read, and Retry-After is honoured.
type anyVendor struct{}

func (anyVendor) Name() string              { return "" }
func (anyVendor) BaseURL() string           { return "" }
func (anyVendor) Policy() policy.Policy     { return policy.Default() }
func (anyVendor) ErrorsIn2xx() bool         { return false }
func (anyVendor) IdempotencyHeader() string { return "" }

func (anyVendor) Decode(a policy.Answer) *policy.Failure {
	if a.Status < http.StatusBadRequest {
		return nil
	}
	wait, _ := policy.ParseWait(a.Header.Get("Retry-After"), policy.HTTP, a.Now())
	body, _ := answer.Parse(a.Body) // what cannot be read is no problem document
	return &policy.Failure{Status: a.Status, Wait: wait, Items: answer.Problem(a.Header, body)}
}
