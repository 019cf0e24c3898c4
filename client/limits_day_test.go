//go:build !race

package client_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A day at a declared rate uses what the limit allows.
func TestLimitOfADay(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newMeteredVendor(1, &tokenMeter{perSecond: 2, burst: 5})
		v.oneWay, v.retryAfter = span(20*time.Millisecond, 60*time.Millisecond), 1
		c, start := newMeteredClient(t, v, accountLimit(120, time.Minute, 5)), time.Now()
		failed := until(t, start.Add(day), 8, func() error { return getItems(t, c, patient)(0) })
		accepted, refused := v.counts(start)
		if used := float64(accepted) / (2 * day.Seconds()); used < 0.99 || refused > 10 || failed > 0 {
			t.Errorf("used %.4f, %d refused, %d calls failed; want 0.99 or more, at most 10, none", used, refused, failed)
		}
	})
}

// announceRateLimit returns what puts a window on responses as the RateLimit fields do.
func (m *windowMeter) announceRateLimit(h http.Header, now time.Time) {
	m.turn(now)
	h.Set("RateLimit-Policy", fmt.Sprintf(`"daily";q=%d;w=%d`, m.size, m.length/time.Second))
	h.Set("RateLimit", fmt.Sprintf(`"daily";r=%d;t=%d`, m.size-m.used, (m.edge.Sub(now)+time.Second-1)/time.Second))
}

// announceEpoch is announceRateLimit as many vendors do.
func (m *windowMeter) announceEpoch(h http.Header, now time.Time) {
	m.turn(now)
	h.Set("X-RateLimit-Limit", strconv.Itoa(m.size))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(m.size-m.used))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(m.edge.Unix(), 10))
	h.Set("Date", now.UTC().Format(http.TimeFormat))
}

// announcements are the ways to put a window on responses.
var announcements = map[string]func(*windowMeter) func(http.Header, time.Time){
	"RateLimit":          func(m *windowMeter) func(http.Header, time.Time) { return m.announceRateLimit },
	"X-RateLimit, epoch": func(m *windowMeter) func(http.Header, time.Time) { return m.announceEpoch },
}

// A quota of each day that responses tell is used up each day.
func TestLimitOfEachDay(t *testing.T) {
	for name, announce := range announcements {
		for _, isFirst := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, from the first request: %v", name, isFirst), func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					time.Sleep(time.Minute)
					m := &windowMeter{size: 1000, length: day, isFirst: isFirst}
					v := newMeteredVendor(1, m)
					v.oneWay, v.announce = span(20*time.Millisecond, 60*time.Millisecond), announce(m)
					c, start := newMeteredClient(t, v), time.Now().Truncate(day)
					end := start.Add(2*day + 10*time.Minute) // the calls that wait then get the last day's
					if failed := until(t, end, 8, func() error { return getItems(t, c, patient)(0) }); failed > 0 {
						t.Errorf("%d calls failed", failed)
					}
					checkDays(t, v, start, m.size)
				})
			})
		}
	}
}

// checkDays checks that each of three days was used up, and few requests were refused.
func checkDays(t *testing.T, v *meteredVendor, start time.Time, size int) {
	t.Helper()
	for i := range 3 {
		accepted, refused := v.counts(start.Add(time.Duration(i) * day))
		later, refusedLater := v.counts(start.Add(time.Duration(i+1) * day))
		accepted, refused = accepted-later, refused-refusedLater
		if accepted < size*99/100 || refused > 2 {
			t.Errorf("day %d: %d accepted, %d refused; want %d, at most 2", i, accepted, refused, size)
		}
	}
}

// A call for which nothing is left is deferred until the reset, and not sent.
func TestLimitOfADayDefersCalls(t *testing.T) {
	for name, announce := range announcements {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				m := &windowMeter{size: 50, length: day}
				v := newMeteredVendor(1, m)
				v.oneWay, v.announce = span(20*time.Millisecond, 60*time.Millisecond), announce(m)
				c, start := newMeteredClient(t, v), time.Now()
				if failed := byWorkers(t, 50, 8, getItems(t, c, client.CallOptions{})); failed > 0 {
					t.Errorf("%d calls failed before the quota was used up", failed)
				}
				for range 500 {
					_, err := send(t.Context(), t, c, "GET", "/items", "")
					if e := failure(t, err); e.Class != apierrors.RateLimited || e.Action != apierrors.Defer {
						t.Fatalf("class %v, action %v; want rate_limited, defer", e.Class, e.Action)
					}
					at, _ := apierrors.RetryAt(err)
					if wait := at.Sub(start); wait < day || wait > day+time.Second {
						t.Fatalf("retry at %v; want the reset, %v", at, start.Add(day))
					}
				}
				if accepted, refused := v.counts(start); accepted != 50 || refused > 0 {
					t.Errorf("%d accepted, %d refused; want 50, none", accepted, refused)
				}
			})
		})
	}
}
