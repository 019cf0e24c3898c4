package client_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/traffic"
)

// What holds back calls is told by account.
func TestStatus(t *testing.T) {
	for name, tt := range map[string]struct {
		answers script
		calls   int
		want    traffic.Status // without the account
	}{
		"nothing": {script{retrywisetest.Status(200)}, 1, traffic.Status{Retries: 10}},
		"a gate": {script{retrywisetest.Status(429, "Retry-After", "3600")}, 1, traffic.Status{
			Retries: 10, Gates: []traffic.Gate{{Scope: apierrors.ScopeAccount, Until: time.Date(2000, 1, 1, 1, 0, 0, 0, time.UTC)}},
			Limits: []traffic.LimitUse{{Scope: apierrors.ScopeAccount, Source: traffic.Looking, Size: 1}}, // a rate that the 429 shows
		}},
		"an outage that is suspected": {script{retrywisetest.Status(503), retrywisetest.Status(503), retrywisetest.Status(503), retrywisetest.Status(503)}, 2, traffic.Status{
			Retries: 8, Outages: []traffic.Outage{{State: traffic.Suspect, Failures: 4, Cause: "server_error (503)"}, {Endpoint: "/items/*", State: traffic.Suspect, Failures: 4, Cause: "server_error (503)"}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				p := policy.Default().WithRetry(policy.Retry{MaxAttempts: 2, Backoff: policy.Backoff{Base: time.Millisecond, Cap: time.Millisecond}})
				c := newClientOf(t, client.Config{BaseURL: srv.URL(), Transport: srv.Transport(), Policy: &p})
				for range tt.calls {
					_, _ = send(t.Context(), t, c, "GET", "/items/7", "")
				}
				got := c.Status()
				ignored := []cmp.Option{cmpopts.IgnoreFields(traffic.Status{}, "Account"), cmpopts.IgnoreFields(traffic.Outage{}, "Since", "NextProbe"), cmpopts.SortSlices(func(a, b traffic.Outage) bool { return a.Endpoint < b.Endpoint })}
				if diff := cmp.Diff([]traffic.Status{tt.want}, got, ignored...); diff != "" {
					t.Errorf("status (-want +got):\n%s", diff)
				}
			})
		})
	}
}
