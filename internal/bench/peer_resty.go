package main

import (
	"context"

	"resty.dev/v3"
)

// restyCaller is resty with 3 retries of a 429 or 5xx after 0.1 s to 2 s, or after the
// Retry-After of a 429 or 503. A declared limit is its token bucket, which each attempt
// passes; it cannot be for each record.
type restyCaller struct {
	*resty.Client
	setup
}

func newResty(s setup) (caller, error) {
	c := resty.New().SetTransport(s.transport).SetRetryCount(3).
		AddRetryConditions(resty.RetryConditionStatusTooManyRequests, resty.RetryConditionStatus5XX)
	if s.declared != nil && s.declared.records == 0 {
		c.SetRateLimiter(resty.NewRateLimitTokenBucket(float64(s.declared.perSecond), s.declared.burst))
	}
	return restyCaller{c, s}, nil
}

func (c restyCaller) send(ctx context.Context, r request) error {
	call := c.R().SetContext(ctx)
	call.Header = r.header()
	if r.body != "" {
		call.SetBody(r.body)
	}
	resp, err := call.Execute(r.verb(), r.target(c.url))
	if err != nil {
		return err
	}
	if !resp.IsStatusSuccess() {
		return errRefused
	}
	return nil
}

func (c restyCaller) close() { _ = c.Close() }
