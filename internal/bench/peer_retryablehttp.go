package main

import "github.com/hashicorp/go-retryablehttp"

// newRetryableHTTP returns the standard client of go-retryablehttp: 4 retries after 1 s to
// 30 s, or after the Retry-After of a 429 or 503. It cannot be told a limit. It does not log.
func newRetryableHTTP(s setup) (caller, error) {
	c := retryablehttp.NewClient()
	c.Logger = nil
	c.HTTPClient.Transport = s.transport
	return httpCaller{c.StandardClient(), s}, nil
}
