package client

import (
	"context"
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/traffic"
)

// While another process has the right to renew, calls wait for it, and are deferred if that takes
// longer than a renewal may. Then it is the turn of this one, whose Refresh finds what was renewed.
func TestRenewalWaitsForTheRightOfOthers(t *testing.T) {
	for name, tt := range map[string]struct {
		timeout, returned time.Duration // of the right of the other process
		waited            time.Duration
		left              time.Duration // until the call is run again; 0: it succeeds
	}{
		"the other one returns it": {20 * time.Second, 2900 * time.Millisecond, 3 * time.Second, 0},
		"the other one has died":   {20 * time.Second, time.Hour, 20 * time.Second, 0},
		"it takes too long":        {time.Minute, time.Hour, renewalTimeout, renewalTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				renew := func(context.Context) (string, time.Time, error) { return "new", time.Time{}, nil }
				c, err := New(Config{BaseURL: "http://vendor.test", Auth: RenewableBearer("token", renew)})
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				right := traffic.Renewal{Rejected: hashed(hashed("token")), Timeout: tt.timeout}
				if wait := c.traffic.BeginRenewal(t.Context(), time.Now(), right); wait != 0 {
					t.Fatalf("BeginRenewal: wait %v; want 0", wait)
				}
				returns := time.AfterFunc(tt.returned, func() { c.traffic.EndRenewal(context.Background(), time.Now(), right, 0) })
				defer returns.Stop()
				began := time.Now()
				err = c.renewals.renew(t.Context(), hashed("token"))
				at, isLater := apierrors.RetryAt(err)
				if waited := time.Since(began); waited != tt.waited || isLater != (tt.left > 0) || isLater && time.Until(at) != tt.left {
					t.Errorf("after %v: %v, retry at %v; want it after %v, and %v left", waited, err, at, tt.waited, tt.left)
				}
			})
		})
	}
}
