package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestLimitEnforcedWindow(t *testing.T) {
	for _, tt := range []struct {
		limit policy.Limit
		want  int
	}{
		{policy.Limit{Rate: policy.Rate{Count: 100, Per: time.Hour}}, 0},
		{policy.Limit{Window: policy.Rate{Count: 100, Per: time.Hour}}, 100},
		{policy.Limit{Window: policy.Rate{Count: 100, Per: time.Hour}, Share: 25}, 25},
		{policy.Limit{Window: policy.Rate{Count: 10, Per: time.Hour}, Share: 1}, 1},
	} {
		if got := tt.limit.EnforcedWindow(); got != tt.want {
			t.Errorf("EnforcedWindow of %+v = %d; want %d", tt.limit, got, tt.want)
		}
	}
}

// What bounds nothing, or has no effect, is refused.
func TestLimitProblems(t *testing.T) {
	rate := policy.Rate{Count: 100, Per: time.Hour}
	for name, tt := range map[string]struct {
		limit policy.Limit
		want  []string
	}{
		"a rate":                     {policy.Limit{Rate: rate, Burst: 2}, nil},
		"a window":                   {policy.Limit{Window: rate, Resets: zone(t, "UTC"), Share: 50}, nil},
		"points":                     {policy.Limit{Window: rate, Cost: 100}, nil},
		"slots that are held":        {policy.Limit{Slots: 5, Held: time.Hour}, nil},
		"a window and slots":         {policy.Limit{Window: rate, Slots: 5}, nil},
		"one that responses name":    {policy.Limit{Off: true, Named: true}, nil},
		"nothing":                    {policy.Limit{Burst: 1, Cost: 1, Held: 1, Share: 1}, []string{"expected a rate, a window or slots: without one, the limit bounds nothing"}},
		"nothing, and off":           {policy.Limit{Off: true}, []string{"expected a rate, a window or slots: without one, the limit bounds nothing"}},
		"nothing, and on":            {policy.Limit{Named: true}, []string{"expected a rate, a window or slots: without one, the limit bounds nothing"}},
		"keys of nothing":            {policy.Limit{Off: true, Named: true, Share: 1}, []string{"share has no effect without a rate, a window or slots"}},
		"a rate of 0":                {policy.Limit{Rate: policy.Rate{Per: time.Hour}}, []string{"rate: expected a count and a period above zero; got 0/1h0m0s"}},
		"a window without a length":  {policy.Limit{Window: policy.Rate{Count: 1}}, []string{"window: expected a count and a period above zero; got 1/0s"}},
		"a rate and a window":        {policy.Limit{Rate: rate, Window: rate}, []string{"expected a rate or a window, and not both: a rate spreads requests, a window does not"}},
		"a burst with a window":      {policy.Limit{Window: rate, Burst: 200}, []string{"burst has no effect without a rate"}},
		"a zone without a window":    {policy.Limit{Rate: rate, Resets: zone(t, "UTC")}, []string{"resets has no effect without a window"}},
		"a window that divides none": {policy.Limit{Window: policy.Rate{Count: 1, Per: 7 * time.Hour}, Resets: zone(t, "UTC")}, []string{"resets: expected a window whose length divides a day, such as 1000/24h; got 1/7h0m0s"}},
		"a window of two days":       {policy.Limit{Window: policy.Rate{Count: 1, Per: 48 * time.Hour}, Resets: zone(t, "UTC")}, []string{"resets: expected a window whose length divides a day, such as 1000/24h; got 1/48h0m0s"}},
		"a cost of slots":            {policy.Limit{Slots: 1, Cost: 2}, []string{"cost has no effect without a rate or a window: slots count requests"}},
		"a cost above a window":      {policy.Limit{Window: rate, Cost: 101}, []string{"cost: expected at most the points of a window, 100; got 101"}},
		"held without slots":         {policy.Limit{Rate: rate, Held: time.Hour}, []string{"held has no effect without slots"}},
		"numbers below zero": {policy.Limit{Window: rate, Cost: -1, Slots: -1, Held: -1}, []string{
			"cost: expected zero or more; got -1", "slots: expected zero or more; got -1", "held: expected zero or more; got -1ns",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.limit.Name, tt.limit.Scope = "a", apierrors.ScopeAccount
			if diff := cmp.Diff(tt.want, tt.limit.Problems()); diff != "" {
				t.Errorf("Problems mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// A 429 is about a window only if the wait ends within its length.
func TestDecideFindsTheWindowOfA429(t *testing.T) {
	p, err := policy.New(policy.Settings{Name: "shop", Limits: []policy.Limit{
		{Name: "daily", Scope: apierrors.ScopeAccount, Window: policy.Rate{Count: 1000, Per: 24 * time.Hour}},
		{Name: "burst", Scope: apierrors.ScopeAccount, Window: policy.Rate{Count: 10, Per: time.Minute}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for wait, want := range map[time.Duration]string{time.Second: "burst", time.Hour: "daily", 25 * time.Hour: ""} {
		if got := namesOf(p.Decide(policy.Failure{Status: 429, Wait: wait}, policy.State{}).Limits); got != want {
			t.Errorf("a wait of %v: limit %q; want %q", wait, got, want)
		}
	}
}

// An operator's window replaces the vendor's rate, and the other way round.
func TestApplyChangesAWindow(t *testing.T) {
	minute := policy.Rate{Count: 60, Per: time.Minute}
	base, err := policy.New(policy.Settings{Name: "shop", Limits: []policy.Limit{
		{Name: "rate", Scope: apierrors.ScopeAccount, Rate: minute, Burst: 5},
		{Name: "window", Scope: apierrors.ScopeAccount, Window: minute, Resets: zone(t, "UTC"), Cost: 2},
		{Name: "slots", Scope: apierrors.ScopeAccount, Slots: 5, Held: time.Hour},
	}})
	if err != nil {
		t.Fatal(err)
	}
	p := applied(t, base, `
vendors:
  shop:
    limits:
      - {name: rate, window: 1000/24h, resets: America/Los_Angeles}
      - {name: window, rate: 5/1s, cost: 3}
      - {name: slots, held: 10m}
      - {name: new, scope: account, window: 10/1h, off: true}
`)
	want := []policy.Limit{
		{Name: "rate", Scope: apierrors.ScopeAccount, Window: policy.Rate{Count: 1000, Per: 24 * time.Hour}, Resets: zone(t, "America/Los_Angeles")},
		{Name: "window", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 5, Per: time.Second}, Cost: 3},
		{Name: "slots", Scope: apierrors.ScopeAccount, Slots: 5, Held: 10 * time.Minute},
		{Name: "new", Scope: apierrors.ScopeAccount, Window: policy.Rate{Count: 10, Per: time.Hour}, Off: true},
	}
	if diff := cmp.Diff(want, p.Limits("GET", "/")); diff != "" {
		t.Errorf("limits mismatch (-want +got):\n%s", diff)
	}
	again, err := policy.Parse(yamlOf(t, p))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, again.Limits("GET", "/")); diff != "" {
		t.Errorf("limits read from the policy's text (-want +got):\n%s", diff)
	}
}

// A change that does not fit the limit is reported where it stands.
func TestApplyRefusesAChangeThatDoesNotFit(t *testing.T) {
	base, err := policy.New(policy.Settings{Name: "shop", Limits: []policy.Limit{
		{Name: "rate", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 60, Per: time.Minute}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"{name: rate, resets: UTC}":                "policies.yaml:4:9: resets has no effect without a window",
		"{name: rate, held: 1h}":                   "policies.yaml:4:9: held has no effect without slots",
		"{name: rate, rate: 1/1s, window: 1/1s}":   "policies.yaml:4:9: expected a rate or a window, and not both: a rate spreads requests, a window does not",
		"{name: rate, window: 9/7h, resets: UTC}":  "policies.yaml:4:9: resets: expected a window whose length divides a day, such as 1000/24h; got 9/7h0m0s",
		"{name: rate, window: 9/24h, burst: 2}":    "policies.yaml:4:9: burst has no effect without a rate",
		"{name: rate, resets: PST}":                `policies.yaml:4:30: expected a time zone such as UTC or America/Los_Angeles; got "PST"`,
		"{name: rate, cost: 0}":                    "policies.yaml:4:28: cost: expected a number above zero; got 0",
		"{name: rate, slots: 2, held: 0s}":         "policies.yaml:4:38: held: expected a duration above zero; got \"0s\"",
		"{name: rate, window: 1000}":               `policies.yaml:4:30: expected a rate such as 120/1m; got "1000"`,
		"{name: new, scope: account, resets: UTC}": `policies.yaml:4:9: unknown limit "new"; expected one of rate (a new one needs a scope, and a rate, a window or slots)`,
	} {
		f, err := policy.ParseFile("policies.yaml", []byte("vendors:\n  shop:\n    limits:\n      - "+text+"\n"), nil)
		if err == nil {
			_, err = f.Apply(base)
		}
		if got := strings.TrimSpace(errorText(err)); got != want {
			t.Errorf("%s: %s; want %s", text, got, want)
		}
	}
}

// errorText returns the text of err, or "" for nil.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
