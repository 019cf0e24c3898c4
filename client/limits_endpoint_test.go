package client_test

import (
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A limit of each endpoint counts the calls to it, whatever record they are about, and no others.
func TestLimitOfEachEndpoint(t *testing.T) {
	for name, tt := range map[string]struct {
		paths []string
		want  time.Duration // that the calls take together
	}{
		"the same":         {[]string{"/items", "/items", "/items"}, 2 * time.Second},
		"of other records": {[]string{"/items/1", "/items/2", "/items/3"}, 2 * time.Second},
		"others":           {[]string{"/items", "/orders", "/items/1"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.Status(200))
				p := policy.Default().WithLimit(policy.Limit{Name: "each", Scope: apierrors.ScopeEndpoint, Rate: policy.Rate{Count: 1, Per: time.Second}})
				c := newClientOf(t, client.Config{BaseURL: srv.URL(), Transport: srv.Transport(), Policy: &p})
				began := time.Now()
				for _, path := range tt.paths {
					if _, err := send(t.Context(), t, c, "GET", path, ""); err != nil {
						t.Fatal(err)
					}
				}
				if took := time.Since(began); took != tt.want {
					t.Errorf("the calls took %v; want %v", took, tt.want)
				}
			})
		})
	}
}

// A 429 that names no limit is about that of the endpoint, and pauses its calls only.
func TestGateOfAnEndpoint(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "3600"), retrywisetest.Status(200))
		p := policy.Default().WithLimit(policy.Limit{Name: "each", Scope: apierrors.ScopeEndpoint, Window: policy.Rate{Count: 100, Per: 24 * time.Hour}})
		c := newClientOf(t, client.Config{BaseURL: srv.URL(), Transport: srv.Transport(), Policy: &p})
		for i, tt := range []struct{ path, rule string }{{"/items/1", "status 429"}, {"/items/2", "gate each"}, {"/orders", ""}} {
			_, err := send(t.Context(), t, c, "GET", tt.path, "")
			if (err != nil) != (tt.rule != "") || err != nil && failure(t, err).Rule != tt.rule {
				t.Errorf("call %d: %v; want rule %q", i+1, err, tt.rule)
			}
		}
	})
}
