package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestPolicyLimits(t *testing.T) {
	account := policy.Limit{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 120, Per: time.Minute}}
	lead := policy.Limit{Name: "lead", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 24, Per: 24 * time.Hour}, Methods: []string{"PATCH"}, Paths: []string{"/contacts/*"}}
	off := policy.Limit{Name: "off", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 1, Per: time.Hour}, Off: true}
	most := policy.Limit{Name: "most", Scope: apierrors.ScopeAccount, Window: policy.Rate{Count: 5, Per: time.Second}, Except: []string{"/contacts/**", "/login"}}
	p, err := policy.New(policy.Settings{Name: "shop", Limits: []policy.Limit{account, lead, off, most}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		method, path string
		want         []policy.Limit
	}{
		"a GET":           {"GET", "/contacts/7", []policy.Limit{account, off}},
		"a PATCH":         {"PATCH", "/contacts/7", []policy.Limit{account, lead, off}},
		"one level below": {"PATCH", "/contacts/7/tags", []policy.Limit{account, off}},
		"no exception":    {"GET", "/leads/7", []policy.Limit{account, off, most}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, p.Limits(tt.method, tt.path)); diff != "" {
				t.Errorf("Limits mismatch (-want +got):\n%s", diff)
			}
		})
	}
	if got, ok := p.LimitNamed("off"); !ok || got.Scope != apierrors.ScopeRecord {
		t.Errorf("LimitNamed(off) = %v, %v", got, ok)
	}
}

func TestRateUnmarshalText(t *testing.T) {
	for text, want := range map[string]policy.Rate{
		"120/1m": {Count: 120, Per: time.Minute}, "24/24h": {Count: 24, Per: 24 * time.Hour},
		"120": {}, "120/60": {}, "0/1m": {}, "-1/1m": {}, "1/0s": {}, "1.5/1s": {}, "": {},
	} {
		var got policy.Rate
		err := got.UnmarshalText([]byte(text))
		if got != want || (err == nil) != (want.Count > 0) {
			t.Errorf("UnmarshalText(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
}

// A 429 pauses the narrowest limit of its request that it can be about, or else the account.
func TestDecideFindsTheLimitOfA429(t *testing.T) {
	limit := func(name string, per time.Duration, methods, paths []string, change ...func(*policy.Limit)) policy.Limit {
		l := policy.Limit{Name: name, Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: per}, Methods: methods, Paths: paths}
		for _, c := range change {
			c(&l)
		}
		return l
	}
	post, campaign := []string{"POST"}, []string{"/campaign/*", "/campaign/*/cache"}
	p, err := policy.New(policy.Settings{Name: "shop", Limits: []policy.Limit{
		limit("account", time.Hour, nil, nil),
		limit("writes", time.Hour, post, nil),
		limit("campaigns", time.Hour, nil, campaign),
		limit("cache", 5*time.Minute, post, []string{"/campaign/*/cache"}),
		limit("off", time.Hour, post, []string{"/off"}, func(l *policy.Limit) { l.Off = true }),
		limit("named", time.Hour, post, []string{"/named"}, func(l *policy.Limit) { l.Named = true }),
		limit("record", time.Hour, post, []string{"/record"}, func(l *policy.Limit) { l.Scope = apierrors.ScopeRecord }),
	}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		failure policy.Failure
		state   policy.State
		want    string
	}{
		"the narrowest":                      {policy.Failure{Status: 429}, policy.State{Method: "POST", Path: "/campaign/7/cache"}, "cache"},
		"a wait within its period":           {policy.Failure{Status: 429, Wait: 5 * time.Minute}, policy.State{Method: "POST", Path: "/campaign/7/cache"}, "cache"},
		"a wait above its period":            {policy.Failure{Status: 429, Wait: 10 * time.Minute}, policy.State{Method: "POST", Path: "/campaign/7/cache"}, "campaigns"},
		"a wait above all periods":           {policy.Failure{Status: 429, Wait: 2 * time.Hour}, policy.State{Method: "POST", Path: "/campaign/7/cache"}, ""},
		"a path before a method":             {policy.Failure{Status: 429}, policy.State{Method: "POST", Path: "/campaign/7"}, "campaigns"},
		"a method":                           {policy.Failure{Status: 429}, policy.State{Method: "POST", Path: "/others"}, "writes"},
		"a limit for all":                    {policy.Failure{Status: 429}, policy.State{Path: "/others"}, "account"},
		"one that is off is our guess":       {policy.Failure{Status: 429}, policy.State{Method: "POST", Path: "/off"}, "writes"},
		"one that the response would name":   {policy.Failure{Status: 429}, policy.State{Method: "POST", Path: "/named"}, "writes"},
		"one of a record, that is not known": {policy.Failure{Status: 429}, policy.State{Method: "POST", Path: "/record"}, "writes"},
		"one that the response names":        {policy.Failure{Status: 429, Limits: []string{"named"}}, policy.State{Method: "POST", Path: "/campaign/7/cache"}, "named"},
		"several that it names":              {policy.Failure{Status: 429, Limits: []string{"named", "account"}}, policy.State{Method: "POST", Path: "/campaign/7/cache"}, "named account"},
		"one that nobody declared":           {policy.Failure{Status: 429, Limits: []string{"other"}}, policy.State{Method: "POST", Path: "/campaign/7/cache"}, "cache"},
		"and one that is declared":           {policy.Failure{Status: 429, Limits: []string{"other", "named"}}, policy.State{Method: "POST", Path: "/campaign/7/cache"}, "named"},
		"a name without a pause":             {policy.Failure{Status: 503, Limits: []string{"named"}}, policy.State{}, "named"},
		"a failure that pauses nothing":      {policy.Failure{Status: 503}, policy.State{Method: "POST", Path: "/campaign/7/cache"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := namesOf(p.Decide(tt.failure, tt.state).Limits); got != tt.want {
				t.Errorf("Limits = %q; want %q", got, tt.want)
			}
		})
	}
}

// namesOf returns the names of limits.
func namesOf(limits []policy.Limit) string {
	var names []string
	for _, l := range limits {
		names = append(names, l.Name)
	}
	return strings.Join(names, " ")
}
