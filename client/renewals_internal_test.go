package client

import (
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/traffic"
)

// While another process has the right to renew, a call is deferred until that ends.
func TestRenewalWaitsForTheRightOfOthers(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		c, err := New(Config{BaseURL: "http://vendor.test", Auth: Bearer("t")})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		right := traffic.Renewal{Rejected: hashed("token"), Timeout: 20 * time.Second}
		if wait := c.traffic.BeginRenewal(t.Context(), time.Now(), right); wait != 0 {
			t.Fatalf("BeginRenewal: wait %v; want 0", wait)
		}
		err = c.renewals.renew(t.Context(), "token")
		at, ok := apierrors.RetryAt(err)
		if !ok || time.Until(at) != 20*time.Second || !apierrors.Temporary(err) {
			t.Errorf("got %v, retry at %v; want a temporary failure, in 20s", err, at)
		}
	})
}
