package main

import (
	"net/http"
	"time"

	"github.com/PuerkitoBio/rehttp"
)

// newRehttp returns a client as in the README of rehttp, which makes 3 retries. It also retries
// the statuses of a limit, and waits with the jitter of the package's documentation: up to 1 s,
// 2 s, 4 s. It does not read Retry-After, and cannot be told a limit.
func newRehttp(s setup) (caller, error) {
	refused := rehttp.RetryStatuses(http.StatusTooManyRequests, http.StatusServiceUnavailable)
	retry := rehttp.RetryAll(rehttp.RetryMaxRetries(3), rehttp.RetryAny(rehttp.RetryTemporaryErr(), refused))
	delay := rehttp.ExpJitterDelay(time.Second, 30*time.Second)
	return httpCaller{&http.Client{Transport: rehttp.NewTransport(s.transport, retry, delay)}, s}, nil
}
