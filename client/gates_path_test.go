package client_test

import (
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A 429 on one path pauses the narrowest limit of that path. A second one on another path
// pauses the account.
func TestGateOfAPath(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		busy := retrywisetest.Status(429, "Retry-After", "300")
		srv := retrywisetest.New(t, busy, retrywisetest.Status(200), busy)
		ofPath := func(name string) policy.Limit {
			return policy.Limit{Name: name, Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: 5 * time.Minute}, Paths: []string{"/campaigns/*/" + name}}
		}
		p := shopPolicy(t).WithLimit(ofPath("clear-cache")).WithLimit(ofPath("pause"))
		c := newClient(t, srv, client.Config{Policy: &p})
		for _, step := range []struct{ path, heldBackBy string }{
			{"/campaigns/7/clear-cache", "status 429"},
			{"/campaigns/8/clear-cache", "gate clear-cache"},
			{"/campaigns/7", ""},
			{"/campaigns/7/pause", "status 429"},
			{"/campaigns/7", "gate account"},
		} {
			_, err := send(t.Context(), t, c, "POST", step.path, "x")
			rule := ""
			if err != nil {
				rule = failure(t, err).Rule
			}
			if rule != step.heldBackBy {
				t.Errorf("%s: %q (%v); want %q", step.path, rule, err, step.heldBackBy)
			}
		}
		status, err := sendRequest(t, c.HTTP().Do, newRequest(t, "POST", "/campaigns/7", "x"))
		if status != 429 {
			t.Errorf("through HTTP: status %d, error %v; want the 429 that closed the account", status, err)
		}
	})
}
