//go:build redis

package retrywiseredis_test

import (
	"strings"
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/traffic"
)

// Neither names nor values of keys have anything of an account, a credential, an endpoint or a
// record in the clear, and each key ends.
func TestKeysShowNothingAndEnd(t *testing.T) {
	s := start(t)
	fleet := traffic.NewFleet(s.store(t), traffic.FleetOptions{})
	account := traffic.Account{Vendor: "canary-vendor", Identity: "canary-identity"}
	for range 5 {
		p := fleet.Admit(t.Context(), time.Now(), traffic.Demand{
			Account: account, Record: "canary-record", Endpoint: "canary/endpoint", MaxWait: time.Minute,
			Limits: []policy.Limit{
				{Name: "canary-limit", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 100, Per: time.Second}, Burst: 10, Slots: 5},
				{Name: "canary-quota", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 10, Per: time.Second}},
			},
		})
		if err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		_ = p.Done(t.Context(), now, traffic.Report{Answered: now, Health: traffic.Failing, Cause: "503"})
	}
	r := traffic.Renewal{Account: account, Rejected: "canary-token", Timeout: time.Minute}
	if wait := fleet.BeginRenewal(t.Context(), time.Now(), r); wait != 0 {
		t.Errorf("the right to renew is granted in %v; want now", wait)
	}
	if err := fleet.Close(); err != nil {
		t.Fatal(err)
	}

	c := s.client(t)
	names, err := c.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 6 { // of New, the account, its gate, its limits, and outages of the vendor and the endpoint
		t.Errorf("%d keys: %q", len(names), names)
	}
	for _, name := range names {
		value, err := c.Get(t.Context(), name).Result()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(name+value, "canary") || !strings.HasPrefix(name, "retrywise:1:{") {
			t.Errorf("%q = %q", name, value)
		}
		if left, err := c.PTTL(t.Context(), name).Result(); err != nil || left <= 0 || left > time.Hour {
			t.Errorf("%q ends in %v: %v", name, left, err)
		}
	}
}

// A key lasts for as long as it says anything.
func TestKeysLastAsLongAsTheyAreUsed(t *testing.T) {
	s := start(t)
	store, c := s.store(t), s.client(t)
	take := func(limit traffic.Take) traffic.Exchange {
		limit.Limit = "limit"
		return traffic.Exchange{Limits: []traffic.Take{limit}}
	}
	for name, tt := range map[string]struct {
		x    traffic.Exchange
		key  string
		want time.Duration
	}{
		"processes":   {traffic.Exchange{}, "", traffic.LiveTime},
		"the budget":  {traffic.Exchange{Budget: traffic.Purse{Spent: 1, Full: 100}, Outages: []traffic.Sight{{}}}, "", time.Hour},
		"a renewal":   {traffic.Exchange{Renewals: []traffic.Permit{{Rejected: "token", For: 2 * time.Minute}}}, "", 2 * time.Minute},
		"an outage":   {traffic.Exchange{Outages: []traffic.Sight{{Failures: 1}}}, ":outage:", time.Hour},
		"a pause":     {take(traffic.Take{Close: 6 * time.Hour}), ":limit:limit", 6*time.Hour + time.Minute},
		"a window":    {take(traffic.Take{Size: 10, Window: 24 * time.Hour, Want: 1}), ":limit:limit", 24*time.Hour + time.Minute},
		"a slow rate": {take(traffic.Take{PerSecond: 1. / 3600, Burst: 2, Want: 1}), ":limit:limit", time.Hour + time.Second},
		"a rate":      {take(traffic.Take{PerSecond: 100, Want: 1}), ":limit:limit", time.Minute},
		"slots":       {take(traffic.Take{Slots: 2, Hold: 1}), ":limit:limit", time.Minute},
	} {
		tt.x.Account, tt.x.Process = name, "process"
		exchanged(t, store, tt.x)
		left, err := c.PTTL(t.Context(), "retrywise:1:{"+name+"}"+tt.key).Result()
		if err != nil || left > tt.want || left < tt.want-traffic.LiveTime {
			t.Errorf("%s: its key ends in %v: %v; want %v", name, left, err, tt.want)
		}
	}
}
