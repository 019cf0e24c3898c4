package client

import (
	"net/http"
	"strings"
	"time"

	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// anyVendor stands in where no vendor is configured: a response is judged by its status, and
// what many vendors have is read: problem documents (RFC 9457), maps from fields to errors in a
// 400 or 422, Retry-After, the RateLimit fields of a 429, and X-Should-Retry.
type anyVendor struct{}

func (anyVendor) Profile() policy.Profile { return policy.Profile{} }

func (anyVendor) Decode(a policy.Answer) *policy.Failure {
	if a.Status < http.StatusBadRequest {
		return nil
	}
	body, _ := answer.Parse(a.Body) // what cannot be read is not a problem document
	problem := answer.ProblemOf(a.Header, body)
	items := problem.Fields
	if isAboutContent := a.Status == http.StatusBadRequest || a.Status == http.StatusUnprocessableEntity; isAboutContent && items == nil {
		items = answer.FieldsOf(body)
	}
	return &policy.Failure{
		Status: a.Status, Items: items, Wait: waitOf(a, problem), Limits: problem.Limits,
		NoRetry: problem.NoRetry || strings.EqualFold(a.Header.Get("X-Should-Retry"), "false"),
	}
}

// waitOf returns how long a response asks to wait; 0 if it does not. Retry-After goes before
// a problem document, and both before the RateLimit fields.
func waitOf(a policy.Answer, problem answer.Problem) time.Duration {
	var longest time.Duration
	for _, text := range a.Header.Values("Retry-After") {
		wait, _ := policy.ParseWait(text, policy.HTTP, a.Now())
		longest = max(longest, wait)
	}
	if longest == 0 {
		longest, _ = policy.ParseWait(problem.RetryAfter, policy.Seconds, a.Now())
	}
	if longest == 0 && a.Status == http.StatusTooManyRequests {
		longest = answer.RateLimitWait(a.Header)
	}
	return longest
}
