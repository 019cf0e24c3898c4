package client_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A wait that would end after the deadline is not started.
func TestWaitThatCannotFinishIsNotStarted(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.HTML(503, "Retry-After", "30"))
		c := newClient(t, srv, client.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		start := time.Now()
		_, err := send(ctx, t, c, "GET", "/items/7", "")
		if took := time.Since(start); took != 0 {
			t.Errorf("waited %v; want 0s", took)
		}
		e := failure(t, err)
		if e.Stop != apierrors.StopDeadline || e.Class != apierrors.ServerError || !e.RetryAt.Equal(start.Add(30*time.Second)) {
			t.Errorf("stop %v, class %v, retry in %v; want deadline, server_error, 30s", e.Stop, e.Class, e.RetryAt.Sub(start))
		}
	})
}

// Nor is one that would end after the Timeout of the caller's http.Client. The response is
// returned, and Check explains it.
func TestWaitIsBoundedByTheClientsTimeout(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "30"))
		c := newClient(t, srv, client.Config{})
		hc := c.HTTP()
		hc.Timeout = 10 * time.Second
		start := time.Now()
		resp, err := get(t, hc, "/items") //nolint:bodyclose // get closes it
		if err != nil {
			t.Fatal(err)
		}
		e := failure(t, c.Check(resp))
		if e.Stop != apierrors.StopDeadline || !time.Now().Equal(start) || !e.RetryAt.Equal(start.Add(30*time.Second)) {
			t.Errorf("stop %v after %v, retry in %v; want deadline at once, 30s", e.Stop, time.Since(start), e.RetryAt.Sub(start))
		}
	})
}

// MaxElapsed runs from the first attempt: what was waited for before does not count.
func TestWaitBeforeTheFirstAttemptIsNotElapsed(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "50"), retrywisetest.Hang(), retrywisetest.Hang())
		c := newClient(t, srv, client.Config{})
		_, _ = send(t.Context(), t, c, "GET", "/items", "", client.CallOptions{MaxWait: new(time.Duration(1))})
		_, err := send(t.Context(), t, c, "GET", "/items", "")
		if e := failure(t, err); e.Stop != apierrors.StopElapsed || len(e.Attempts) != 2 || e.Attempts[0].Wait != 50*time.Second {
			t.Errorf("stop %v, attempts %+v; want elapsed, 2 attempts, the first after 50s", e.Stop, e.Attempts)
		}
	})
}

// A vendor that throttles for ever ends the call, though each wait is short.
func TestWaitForALimitIsNotForEver(t *testing.T) {
	for attempts, want := range map[int]int{0: 10, 1: 1} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.Handle(t, retrywisetest.Status(429, "Retry-After", "1"))
			_, err := send(t.Context(), t, newClient(t, srv, client.Config{}), "GET", "/items", "", client.CallOptions{MaxAttempts: attempts})
			e := failure(t, err)
			if got := len(srv.Requests()); got != want || e.Stop != apierrors.StopAttempts || e.Action != apierrors.Defer || !e.RetryAt.Equal(time.Now().Add(time.Second)) {
				t.Errorf("MaxAttempts %d: %d requests, stop %v, action %v, retry in %v; want %d, attempts, defer, 1s", attempts, got, e.Stop, e.Action, time.Until(e.RetryAt), want)
			}
		})
	}
}

// A tiny Retry-After makes no hot loop.
func TestWaitThatIsTinyMakesNoHotLoop(t *testing.T) {
	for _, wait := range []string{"0.001", "0.000000001"} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			requests := 0
			c := onWire(t, func(*http.Request) (*http.Response, error) {
				requests++
				return &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {wait}}, Body: http.NoBody}, nil
			}, client.Config{})
			_, err := send(t.Context(), t, c, "GET", "/items/7", "")
			if e := failure(t, err); requests > 20 || e.Action != apierrors.Defer {
				t.Errorf("Retry-After: %s: %d requests, then %v; want at most 20, then defer", wait, requests, e)
			}
		})
	}
}
