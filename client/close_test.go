package client_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A thousand calls that wait for a limit end with the Client, and with their context. What is
// left holds nobody back, and no goroutine is left: virtual time would not end.
func TestWaitersEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		end  func(c *client.Client, cancel context.CancelFunc)
		rule string
	}{
		"with the client":    {func(c *client.Client, _ context.CancelFunc) { _ = c.Close() }, "the client was closed"},
		"with their context": {func(_ *client.Client, cancel context.CancelFunc) { cancel() }, "the caller's context ended"},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(200), retrywisetest.Status(200))
				p := policy.Default().WithLimit(policy.Limit{Name: "slow", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Minute}}).
					WithRetry(policy.Retry{MaxWait: new(24 * time.Hour)})
				c := newClientOf(t, client.Config{BaseURL: srv.URL(), Transport: srv.Transport(), Policy: &p})
				if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var waiting sync.WaitGroup
				for range 1000 {
					waiting.Go(func() {
						_, err := send(ctx, t, c, "POST", "/items", "x")
						if e := failure(t, err); e.Class != apierrors.Canceled || e.Stop != apierrors.StopCanceled || e.Rule != tt.rule || e.Applied != apierrors.AppliedNo {
							t.Errorf("got %v, rule %q, applied %v", e, e.Rule, e.Applied)
						}
					})
				}
				synctest.Wait()
				began := time.Now()
				tt.end(c, cancel)
				waiting.Wait()
				if took := time.Since(began); took != 0 {
					t.Errorf("the waiters ended after %v", took)
				}
				time.Sleep(time.Minute) // virtual: until the limit lets the next one pass
				if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil || time.Since(began) > time.Minute {
					t.Errorf("a minute later, a call took %v, error %v", time.Since(began)-time.Minute, err)
				}
			})
		})
	}
}

// After Close, a call that would have to wait fails, and one that need not is sent.
func TestCallAfterClose(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200))
		p := policy.Default().WithLimit(policy.Limit{Name: "slow", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Second}})
		c := newClientOf(t, client.Config{BaseURL: srv.URL(), Transport: srv.Transport(), Policy: &p})
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
			t.Fatal(err)
		}
		_, err := send(t.Context(), t, c, "GET", "/items", "")
		if e := failure(t, err); e.Class != apierrors.Canceled || e.Rule != "the client was closed" {
			t.Errorf("got %v, rule %q; want canceled, as the client was closed", e, e.Rule)
		}
	})
}
