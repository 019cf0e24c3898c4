package main

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/retrywise/retrywise/retrywisetest"
)

// byRetryableHTTP is go-retryablehttp as people use it: its standard client with its
// defaults (4 retries, 1 s to 30 s), only silent.
type byRetryableHTTP struct{ waiting atomic.Int64 }

func (*byRetryableHTTP) name() string { return "go-retryablehttp" }

func (w *byRetryableHTTP) http(_ string, srv *retrywisetest.Server) (*http.Client, error) {
	c := retryablehttp.NewClient()
	c.Logger = nil
	c.HTTPClient.Transport = srv.Transport()
	c.Backoff = w.backoff
	return c.StandardClient(), nil // the one line
}

// backoff is the default, and is counted.
func (w *byRetryableHTTP) backoff(min, max time.Duration, attempt int, resp *http.Response) time.Duration {
	wait := retryablehttp.DefaultBackoff(min, max, attempt, resp)
	w.waiting.Add(int64(wait))
	return wait
}

func (w *byRetryableHTTP) waited() time.Duration { return time.Duration(w.waiting.Load()) }
func (*byRetryableHTTP) explain(failure) error   { return nil }
func (*byRetryableHTTP) close()                  {}
