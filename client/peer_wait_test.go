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

// What a Retry-After makes of the wait before the second attempt. The virtual clock
// begins at midnight UTC of 1 January 2000, a Saturday. Of ours, the wait is a quarter of
// a second after a 5xx and half a second after a 429.
//
// Here is where we differ from the peer: it takes a wait of zero and a date that is past
// at its word and sends again at once, until its attempts are used up; we back off as if
// nothing had been told. It honours the header with 429 and 503 alone, and one of the three
// forms of dates; we honour it with any status that is sent again, and all three.
func TestPeerRetryAfter(t *testing.T) {
	const ours = 0
	for name, tt := range map[string]struct {
		values []string
		want   time.Duration
	}{
		"seconds":                {[]string{"2"}, 2 * time.Second},
		"a date":                 {[]string{"Sat, 01 Jan 2000 00:00:02 GMT"}, 2 * time.Second},
		"a date as in RFC 850":   {[]string{"Saturday, 01-Jan-00 00:00:02 GMT"}, 2 * time.Second},
		"a date as by asctime":   {[]string{"Sat Jan  1 00:00:02 2000"}, 2 * time.Second},
		"a date that is past":    {[]string{"Fri, 31 Dec 1999 23:59:00 GMT"}, ours},
		"now":                    {[]string{"Sat, 01 Jan 2000 00:00:00 GMT"}, ours},
		"zero":                   {[]string{"0"}, ours},
		"none":                   {nil, ours},
		"two headers":            {[]string{"2", "3"}, 2 * time.Second},
		"empty":                  {[]string{""}, ours},
		"negative":               {[]string{"-2"}, ours},
		"a day that is none":     {[]string{"Sat, 32 Jan 2000 00:00:02 GMT"}, ours},
		"a text that is no date": {[]string{"badbadbad"}, ours},
		"half a second":          {[]string{"1.5"}, 1500 * time.Millisecond},
		"with a unit":            {[]string{"2s"}, ours},
	} {
		for status, backOff := range map[int]time.Duration{429: 500 * time.Millisecond, 503: 250 * time.Millisecond, 502: 250 * time.Millisecond} {
			t.Run(fmt.Sprint(name, ", ", status), func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					failing := func(w http.ResponseWriter, _ *http.Request) {
						w.Header()["Retry-After"] = tt.values
						w.WriteHeader(status)
					}
					srv := retrywisetest.New(t, failing, retrywisetest.Status(200))
					start := time.Now()
					if !start.Equal(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)) {
						t.Fatalf("the clock begins at %v", start)
					}
					c := newClientOf(t, client.Config{Transport: srv.Transport()})
					got := exchange(c.HTTP(), newRequest(t, "GET", srv.URL()+"/items", ""))
					want := tt.want
					if want == ours {
						want = backOff
					}
					if took := time.Since(start); got.Status != 200 || took != want {
						t.Errorf("status %d after %v; want %v", got.Status, took, want)
					}
				})
			})
		}
	}
}

// However small, past or absurd the wait that is told, there is no hot loop: a call makes
// few requests, and they are apart. The peer made 51 requests in no time of a zero.
func TestPeerNoHotLoop(t *testing.T) {
	for _, told := range []string{"0", "-1", "Fri, 31 Dec 1999 23:59:00 GMT", "0.0", "9223372036854775807", "99999999999999999999", "1e400"} {
		for _, status := range []int{429, 503} {
			t.Run(fmt.Sprint(told, ", ", status), func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					srv := retrywisetest.Handle(t, retrywisetest.Status(status, "Retry-After", told))
					c := newClientOf(t, client.Config{Transport: srv.Transport()})
					if got := exchange(c.HTTP(), newRequest(t, "GET", srv.URL()+"/items", "")); got.Status != status {
						t.Errorf("status %d, %s", got.Status, got.Err)
					}
					all := srv.Requests()
					if len(all) > 10 {
						t.Errorf("%d requests", len(all))
					}
					for i := 1; i < len(all); i++ {
						if apart := all[i].At.Sub(all[i-1].At); apart < 250*time.Millisecond {
							t.Errorf("request %d came %v after the one before", i+1, apart)
						}
					}
				})
			})
		}
	}
}

// The waits without a told one grow, up to a bound. The peer's default has no jitter;
// ours is drawn from the whole range, of which these tests take the middle.
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

// What failed and is sent again goes over the connection that it came by.
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
			t.Errorf("%d connections; want 1", srv.Conns())
		}
	})
}

// A context that has ended already, or that ends in an attempt, ends the call there.
func TestPeerContextThatEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		after    time.Duration
		answers  script
		attempts int
	}{
		"before":        {0, nil, 0},
		"in flight":     {time.Second, script{retrywisetest.Hang()}, 1},
		"in a wait":     {time.Second, script{retrywisetest.HTML(503, "Retry-After", "5")}, 1},
		"in the second": {time.Second, script{retrywisetest.HTML(503), retrywisetest.Hang()}, 2},
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
					t.Errorf("stop %v, %d attempts after %v: %v", e.Stop, len(e.Attempts), time.Since(start), err)
				}
			})
		})
	}
}
