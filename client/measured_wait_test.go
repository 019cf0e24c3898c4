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

// Retry-After is absurdly long. Measured of go-retryablehttp: 9223372037 s make it a hot
// loop, and 31536000 s are waited for. Here either ends the call at once, with RetryAt.
func TestMeasuredAbsurdRetryAfter(t *testing.T) {
	for name, tt := range map[string]struct {
		seconds string
		wait    time.Duration
	}{
		"9223372037":           {"9223372037", 1<<63 - 1},
		"31536000":             {"31536000", 365 * 24 * time.Hour},
		"18446744074":          {"18446744074", 1<<63 - 1},
		"overflow of integers": {strings.Repeat("9", 40), 1<<63 - 1},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", tt.seconds))
				c := newClient(t, srv, client.Config{})
				start := time.Now()
				_, err := send(t.Context(), t, c, "GET", "/items", "")
				e, took := failure(t, err), time.Since(start)
				sent, slept := theirAttempts(t, tt.seconds)
				t.Logf("go-retryablehttp: %d requests in %v; retrywise: 1, to be run again in %v", sent, slept, tt.wait)
				if e.Action != apierrors.Defer || e.Stop != apierrors.StopMaxWait || took != 0 || !e.RetryAt.Equal(start.Add(tt.wait)) {
					t.Errorf("action %v, stop %v after %v, retry at %v; want defer, max_wait after 0s, in %v", e.Action, e.Stop, took, e.RetryAt, tt.wait)
				}
			})
		})
	}
}

// theirAttempts returns how many requests go-retryablehttp sends to a server that always
// responds with that Retry-After, and how long it takes.
func theirAttempts(t *testing.T, seconds string) (sent int, slept time.Duration) {
	t.Helper()
	srv := retrywisetest.Handle(t, retrywisetest.Status(429, "Retry-After", seconds))
	start := time.Now()
	_, _ = retryablehttpOver(srv).Get(srv.URL()) //nolint:bodyclose // it gives up without a response
	return len(srv.Requests()), time.Since(start)
}

// Retry-After is a date in one of the two obsolete forms. Measured of go-retryablehttp: they
// are ignored.
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

// The body of a 503 trickles in at 20 B/s. Measured of go-retryablehttp: 80 bytes block the
// call for 4.1 s, and an endless body for minutes. Here each attempt reads for two seconds,
// and drains nothing.
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
		_, _ = retryablehttpOver(srv).Get(srv.URL()) //nolint:bodyclose // it gives up without a response
		t.Logf("retrywise: 4 attempts in %v; go-retryablehttp: 5 in %v", took, time.Since(start))
		want := 4*2*time.Second + 1750*time.Millisecond // four bodies, and the backoff
		if e := failure(t, err); e.Status != 503 || took != want {
			t.Errorf("status %d after %v; want 503 after %v", e.Status, took, want)
		}
	})
}
