package main

import (
	"net/http"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
)

// newFailsafe returns a client with the retry policy of failsafe-go.dev/http: 3 retries after
// 1 s to 30 s, or after Retry-After. Each wait has the jitter of failsafe-go.dev/retry, a
// tenth: without one, all workers retry at the same time. A declared limit is a smooth rate
// limiter below the policy, in which a call waits for up to a minute; it has no burst, and
// cannot be for each record.
//
//nolint:bodyclose // builders of policies return no response
func newFailsafe(s setup) (caller, error) {
	retry := failsafehttp.NewRetryPolicyBuilder().WithBackoff(time.Second, 30*time.Second).WithJitterFactor(.1).
		WithMaxRetries(3).Build()
	policies := []failsafe.Policy[*http.Response]{retry}
	if s.declared != nil && s.declared.records == 0 {
		policies = append(policies, ratelimiter.NewSmoothBuilder[*http.Response](uint(s.declared.perSecond), time.Second).
			WithMaxWaitTime(time.Minute).Build())
	}
	return httpCaller{&http.Client{Transport: failsafehttp.NewRoundTripper(s.transport, policies...)}, s}, nil
}
