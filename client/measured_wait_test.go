package client_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Cards: Retry-After of 9223372037 s, of which go-retryablehttp makes a hot loop, and of
// 31536000 s, which it sleeps. Here either ends the call at once, and tells when.
func TestMeasuredAbsurdRetryAfter(t *testing.T) {
	for name, tt := range map[string]struct {
		seconds string
		wait    time.Duration
	}{
		"9223372037":           {"9223372037", 1<<63 - 1},
		"31536000":             {"31536000", 365 * 24 * time.Hour},
		"18446744074":          {"18446744074", 1<<63 - 1},
		"beyond every integer": {strings.Repeat("9", 40), 1<<63 - 1},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", tt.seconds))
				c := newClient(t, srv, client.Config{})
				start := time.Now()
				_, err := send(t.Context(), t, c, "GET", "/items", "")
				e, took := failure(t, err), time.Since(start)
				sent, slept := theirAttempts(t, tt.seconds)
				t.Logf("go-retryablehttp sent %d requests and slept %v; ours sent 1, and tells %v", sent, slept, tt.wait)
				if e.Action != apierrors.Defer || e.Stop != apierrors.StopMaxWait || took != 0 || !e.RetryAt.Equal(start.Add(tt.wait)) {
					t.Errorf("action %v, stop %v, after %v, retry at %v", e.Action, e.Stop, took, e.RetryAt)
				}
			})
		})
	}
}

// theirAttempts is what go-retryablehttp makes of a server that always tells to wait for
// so many seconds.
func theirAttempts(t *testing.T, seconds string) (sent int, slept time.Duration) {
	t.Helper()
	srv := retrywisetest.Handle(t, retrywisetest.Status(429, "Retry-After", seconds))
	start := time.Now()
	_, _ = retryablehttpOver(srv).Get(srv.URL()) //nolint:bodyclose // it gives up without an answer
	return len(srv.Requests()), time.Since(start)
}

// Card: Retry-After as a date of RFC 850 or of asctime. Measured of go-retryablehttp: ignored.
func TestMeasuredObsoleteDates(t *testing.T) {
	for _, layout := range []string{http.TimeFormat, "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC} {
		t.Run(layout, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				start := time.Now()
				at := start.Add(7 * time.Second).UTC().Format(layout)
				srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", at), retrywisetest.Status(200))
				c := newClient(t, srv, client.Config{})
				if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
					t.Error(err)
				}
				if took := time.Since(start); took != 7*time.Second {
					t.Errorf("waited %v; want 7s", took)
				}
			})
		})
	}
}

// Card: the body of a 503 trickles in at 20 B/s. Measured of go-retryablehttp: the call
// was blocked for 4.1 s by 80 bytes; an endless body takes it minutes. Here two seconds
// are given to each attempt's body, and nothing to draining it.
func TestMeasuredBodyThatTrickles(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte("x"))
				_ = http.NewResponseController(w).Flush()
				select {
				case <-tick.C:
				case <-r.Context().Done():
				}
			}
		}))
		c := newClient(t, srv, client.Config{})
		start := time.Now()
		_, err := send(t.Context(), t, c, "PUT", "/items", "x")
		took := time.Since(start)
		start = time.Now()
		_, _ = retryablehttpOver(srv).Get(srv.URL()) //nolint:bodyclose // it gives up without an answer
		t.Logf("ours ended after %v, 4 attempts; go-retryablehttp after %v, 5 attempts", took, time.Since(start))
		if e := failure(t, err); e.Status != 503 || took != 4*2*time.Second+1750*time.Millisecond { // and its back-off
			t.Errorf("status %d after %v", e.Status, took)
		}
	})
}
