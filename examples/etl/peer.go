package main

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/retrywise/retrywise/retrywisetest"
)

// retryableHTTP is the standard client of go-retryablehttp with its defaults: 4 retries,
// after 1 s to 30 s. It does not log.
type retryableHTTP struct{ waiting atomic.Int64 }

func (*retryableHTTP) name() string { return "go-retryablehttp" }

func (v *retryableHTTP) httpClient(_ string, srv *retrywisetest.Server) (*http.Client, error) {
	c := retryablehttp.NewClient()
	c.Logger = nil
	c.HTTPClient.Transport = srv.Transport()
	c.Backoff = v.backoff
	return c.StandardClient(), nil // the line that differs
}

// backoff is the default backoff, counted.
func (v *retryableHTTP) backoff(min, max time.Duration, attempt int, resp *http.Response) time.Duration {
	wait := retryablehttp.DefaultBackoff(min, max, attempt, resp)
	v.waiting.Add(int64(wait))
	return wait
}

func (v *retryableHTTP) waited() time.Duration { return time.Duration(v.waiting.Load()) }
func (*retryableHTTP) explain(failure) error   { return nil }
func (*retryableHTTP) close()                  {}
