package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// How long the wait before the second attempt is for each Retry-After. The virtual clock
// starts at midnight UTC on 1 January 2000, a Saturday. The backoff is 250 ms after a 5xx and
// 500 ms after a 429.
//
// The peer retries at once after a zero or a date in the past; here, such a value is ignored.
// It honours the header of a 429 and a 503 only, the first of several, and one of the three
// forms of a date; here, that of any status that is retried, the longest of several, and all
// three forms and that of RFC 3339.
func TestPeerRetryAfter(t *testing.T) {
	const backoff = 0
	for name, tt := range map[string]struct {
		values []string
		want   time.Duration
	}{
		"seconds":          {[]string{"2"}, 2 * time.Second},
		"date":             {[]string{"Sat, 01 Jan 2000 00:00:02 GMT"}, 2 * time.Second},
		"date of RFC 850":  {[]string{"Saturday, 01-Jan-00 00:00:02 GMT"}, 2 * time.Second},
		"date of asctime":  {[]string{"Sat Jan  1 00:00:02 2000"}, 2 * time.Second},
		"date in the past": {[]string{"Fri, 31 Dec 1999 23:59:00 GMT"}, backoff},
		"now":              {[]string{"Sat, 01 Jan 2000 00:00:00 GMT"}, backoff},
		"zero":             {[]string{"0"}, backoff},
		"none":             {nil, backoff},
		"two headers":      {[]string{"2", "3", "x"}, 3 * time.Second},
		"date of RFC 3339": {[]string{"2000-01-01T00:00:02Z"}, 2 * time.Second},
		"empty":            {[]string{""}, backoff},
		"negative":         {[]string{"-2"}, backoff},
		"invalid day":      {[]string{"Sat, 32 Jan 2000 00:00:02 GMT"}, backoff},
		"text":             {[]string{"badbadbad"}, backoff},
		"half a second":    {[]string{"1.5"}, 1500 * time.Millisecond},
		"with a unit":      {[]string{"2s"}, backoff},
	} {
		for status, want := range map[int]time.Duration{429: 500 * time.Millisecond, 503: 250 * time.Millisecond, 502: 250 * time.Millisecond} {
			t.Run(fmt.Sprint(name, ", ", status), func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					failing := func(w http.ResponseWriter, _ *http.Request) {
						w.Header()["Retry-After"] = tt.values
						w.WriteHeader(status)
					}
					srv := retrywisetest.New(t, failing, retrywisetest.Status(200))
					start := time.Now()
					if !start.Equal(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)) {
						t.Fatalf("the clock starts at %v; want 1 January 2000", start)
					}
					c := newClientOf(t, client.Config{Transport: srv.Transport()})
					got := exchange(c.HTTP(), newRequest(t, "GET", srv.URL()+"/items", ""))
					if tt.want != backoff {
						want = tt.want
					}
					if took := time.Since(start); got.Status != 200 || took != want {
						t.Errorf("got status %d after %v; want 200 after %v", got.Status, took, want)
					}
				})
			})
		}
	}
}

// No Retry-After makes a hot loop: a call makes few requests, with time between them. The peer
// made 51 requests at once for a zero.
func TestPeerNoHotLoop(t *testing.T) {
	for _, wait := range []string{"0", "-1", "Fri, 31 Dec 1999 23:59:00 GMT", "0.0", "9223372036854775807", "99999999999999999999", "1e400"} {
		for _, status := range []int{429, 503} {
			t.Run(fmt.Sprint(wait, ", ", status), func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					srv := retrywisetest.Handle(t, retrywisetest.Status(status, "Retry-After", wait))
					c := newClientOf(t, client.Config{Transport: srv.Transport()})
					if got := exchange(c.HTTP(), newRequest(t, "GET", srv.URL()+"/items", "")); got.Status != status {
						t.Errorf("got status %d, error %q; want %d", got.Status, got.Err, status)
					}
					all := srv.Requests()
					if len(all) > 10 {
						t.Errorf("%d requests; want at most 10", len(all))
					}
					for i := 1; i < len(all); i++ {
						if apart := all[i].At.Sub(all[i-1].At); apart < 250*time.Millisecond {
							t.Errorf("request %d arrived %v after the one before; want at least 250ms", i+1, apart)
						}
					}
				})
			})
		}
	}
}

// The backoff grows up to a bound. The peer's default has no jitter; here it has full jitter,
// of which the tests take the middle.
func TestPeerBackOff(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(503))
		c := newClientOf(t, client.Config{Transport: srv.Transport()})
		exchange(c.HTTP(), newRequest(t, "GET", srv.URL()+"/items", ""))
		var waits []time.Duration
		for i, r := range srv.Requests()[1:] {
			waits = append(waits, r.At.Sub(srv.Requests()[i].At))
		}
		if diff := cmp.Diff([]time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second}, waits); diff != "" {
			t.Errorf("waits (-want +got):\n%s", diff)
		}
	})
}

// A retry reuses the connection of the failure.
func TestPeerConnectionIsReused(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.HTML(500), retrywisetest.JSON(503, `{"why":"down"}`), retrywisetest.Status(200), retrywisetest.Text(404, "no"), retrywisetest.Status(200))
		hc := newClient(t, srv, client.Config{}).HTTP()
		for range 3 {
			if got := exchange(hc, newRequest(t, "GET", srv.URL()+"/items", "")); got.Err != "" {
				t.Error(got.Err)
			}
		}
		if srv.Conns() != 1 {
			t.Errorf("3 calls opened %d connections; want 1", srv.Conns())
		}
	})
}

// A call ends when its context does.
func TestPeerContextThatEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		after    time.Duration
		answers  script
		attempts int
	}{
		"before the call":       {0, nil, 0},
		"in the first attempt":  {time.Second, script{retrywisetest.Hang()}, 1},
		"in a wait":             {time.Second, script{retrywisetest.HTML(503, "Retry-After", "5")}, 1},
		"in the second attempt": {time.Second, script{retrywisetest.HTML(503), retrywisetest.Hang()}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				c := newClient(t, srv, client.Config{})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.after == 0 {
					cancel()
				} else {
					defer time.AfterFunc(tt.after, cancel).Stop()
				}
				start := time.Now()
				_, err := sendRequest(t, c.HTTP().Do, newRequest(t, "GET", srv.URL()+"/items/7", "").WithContext(ctx))
				e := failure(t, err)
				if !errors.Is(err, context.Canceled) || e.Stop != apierrors.StopCanceled || len(e.Attempts) != tt.attempts || time.Since(start) != tt.after {
					t.Errorf("stop %v, %d attempts after %v, error %v; want canceled, %d after %v", e.Stop, len(e.Attempts), time.Since(start), err, tt.attempts, tt.after)
				}
			})
		})
	}
}
