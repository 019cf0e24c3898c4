package client_test

import (
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// An error says whether its call may be run again although it may have been executed: by what
// the request is, or for how long by its key.
func TestErrorSaysWhetherTheCallMayBeRunAgain(t *testing.T) {
	keyed := client.CallOptions{IdempotencyKey: ticketKey, MaxAttempts: 1}
	for name, tt := range map[string]struct {
		method, path string
		answers      script
		options      client.CallOptions
		repeatable   bool
		expires      time.Duration // after the call began; zero: it is not known
	}{
		"a create":                 {"POST", "/items", script{retrywisetest.HTML(504)}, client.CallOptions{}, false, 0},
		"a create that is allowed": {"POST", "/items", script{retrywisetest.HTML(504)}, client.CallOptions{Repeatable: true, MaxAttempts: 1}, true, 0},
		"an upsert":                {"PATCH", "/items/7", script{retrywisetest.HTML(504)}, client.CallOptions{MaxAttempts: 1}, true, 0},
		"a read":                   {"GET", "/items", script{retrywisetest.HTML(504)}, client.CallOptions{MaxAttempts: 1}, true, 0},
		"a create that led to a read": {
			"POST", "/items", script{retrywisetest.Status(303, "Location", "/items/7"), retrywisetest.HTML(504)}, client.CallOptions{MaxAttempts: 1}, false, 0,
		},
		"a key":                   {"POST", "/tickets", script{retrywisetest.HTML(504)}, keyed, false, 2 * time.Hour},
		"a key of a later retry":  {"POST", "/tickets", script{retrywisetest.Status(429, "Retry-After", "60"), retrywisetest.Status(429, "Retry-After", "7000")}, client.CallOptions{IdempotencyKey: ticketKey}, false, 2 * time.Hour},
		"a key that is not known": {"POST", "/items", nil, keyed, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				c := newClient(t, srv, client.Config{Vendor: desk{shop{deskPolicy(t)}}})
				start := time.Now()
				_, err := send(t.Context(), t, c, tt.method, tt.path, "", tt.options)
				e := failure(t, err)
				expires := e.KeyExpires.Sub(start)
				if e.KeyExpires.IsZero() {
					expires = 0
				}
				if e.Repeatable != tt.repeatable || expires != tt.expires {
					t.Errorf("repeatable %v, the key expires after %v; want %v, %v (%v)", e.Repeatable, expires, tt.repeatable, tt.expires, e)
				}
			})
		})
	}
}

// A call with a key that is held back sent nothing: the vendor knows its key as long as one that
// is sent now, at least.
func TestErrorSaysWhenAKeyExpiresThatWasNotSent(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "3600"))
		c := newClient(t, srv, client.Config{Vendor: desk{shop{deskPolicy(t)}}})
		for range 2 { // the second is held back
			time.Sleep(time.Minute)
			_, err := send(t.Context(), t, c, "POST", "/tickets", "", client.CallOptions{IdempotencyKey: ticketKey})
			if e := failure(t, err); time.Until(e.KeyExpires) != 2*time.Hour || e.Applied != apierrors.AppliedNo {
				t.Errorf("the key expires in %v, applied %v; want in 2h, no", time.Until(e.KeyExpires), e.Applied)
			}
		}
	})
}
