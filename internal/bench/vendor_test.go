package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A reply is what a vendor answers, and after how long.
type reply struct {
	Status int
	Header http.Header
	Took   time.Duration
}

func ask(t *testing.T, v *vendor) reply {
	t.Helper()
	start, w := time.Now(), httptest.NewRecorder()
	v.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, request{record: "7"}.target(""), nil))
	return reply{w.Code, w.Header(), time.Since(start)}
}

// The second request is refused.
func TestVendor(t *testing.T) {
	slow := bare(http.StatusTooManyRequests, newBucket(1, 1))
	slow.work, slow.latency = time.Second/2, latency{mean: 200 * time.Millisecond}
	for name, tt := range map[string]struct {
		vendor *vendor
		want   []reply
	}{
		"bare":                                  {bare(503, newBucket(1, 1)), []reply{{200, http.Header{}, 0}, {503, http.Header{}, 0}}},
		"tells the wait":                        {tellsWait(newBucket(1, 1)), []reply{{200, http.Header{}, 0}, {429, http.Header{"Retry-After": {"1"}}, 0}}},
		"latency, and work of what is accepted": {slow, []reply{{200, http.Header{}, 700 * time.Millisecond}, {429, http.Header{}, 200 * time.Millisecond}}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				got := []reply{ask(t, tt.vendor), ask(t, tt.vendor)}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("replies (-want +got):\n%s", diff)
				}
				if accepted, rejected := tt.vendor.counts(); accepted != 1 || rejected != 1 {
					t.Errorf("counted %d accepted and %d rejected; want one each", accepted, rejected)
				}
			})
		})
	}
}

// In virtual time it is midnight, UTC, on 1 January 2000: 946684800.
func TestVendorAnnouncesItsWindow(t *testing.T) {
	for name, tt := range map[string]struct {
		how  func(*window, http.Header, time.Time)
		want http.Header
	}{
		"RateLimit": {(*window).announceRateLimit, http.Header{
			"Ratelimit-Policy": {`"default";q=200;w=2`}, "Ratelimit": {`"default";r=198;t=2`},
		}},
		"X-RateLimit": {(*window).announceXRateLimit, http.Header{
			"X-Ratelimit-Limit": {"200"}, "X-Ratelimit-Remaining": {"198"}, "X-Ratelimit-Reset": {"946684802"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := announces(tt.how)
				ask(t, v)
				time.Sleep(300 * time.Millisecond)
				if diff := cmp.Diff(reply{200, tt.want, 0}, ask(t, v)); diff != "" {
					t.Errorf("second reply (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestLatencyIsSpread(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		l := latency{mean: 80 * time.Millisecond, spread: 8 * time.Millisecond}
		for range 1000 {
			start := time.Now()
			l.wait()
			if took := time.Since(start); took < 36*time.Millisecond || took > 44*time.Millisecond {
				t.Fatalf("one way took %v; want 40 ms, give or take 4", took)
			}
		}
	})
}

func TestVendorCountsLateRequests(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v, start := tellsWait(newBucket(1, 3)), time.Now()
		ask(t, v)
		time.Sleep(time.Second)
		ask(t, v)
		ask(t, v)
		if late := v.acceptedFrom(start.Add(time.Second)); late != 2 {
			t.Errorf("counted %d from 1 s on; want 2", late)
		}
	})
}

func TestVendorAwaitsTheEdgeOfItsWindow(t *testing.T) {
	for name, tt := range map[string]struct {
		limit limit
		want  time.Duration
	}{
		"window":     {newWindow(0), 2 * time.Second},
		"odd window": {newWindow(370 * time.Millisecond), 370 * time.Millisecond},
		"bucket":     {newBucket(1, 1), 0},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				start := time.Now()
				if err := bare(429, tt.limit).awaitStart(t.Context()); err != nil || time.Since(start) != tt.want {
					t.Errorf("awaited %v, error %v; want %v", time.Since(start), err, tt.want)
				}
			})
		})
	}
}
