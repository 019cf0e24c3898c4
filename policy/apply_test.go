package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestApply(t *testing.T) {
	f, err := readFile(t, `
defaults:
  retry: {max_wait: 30s, max_attempts: 2}
  rules:
    - {when: {class: server_error}, action: defer, after: 10m}
vendors:
  shop:
    retry: {max_attempts: 6}
    rules:
      - {when: {code: TAKEN}, action: accept, hint: Ours is the same.}
      - {when: {class: server_error, methods: POST}, repeat_unsafe: true, action: retry}
    endpoints:
      - {methods: POST, path: /orders, repeat_unsafe: true}
      - {methods: PATCH, path: "/items/*", repeatable: false}
    limits:
      - {name: account, rate: 500/1m, share: 80%, slots: 9}
      - {name: lead, off: false, burst: 2, methods: PUT, path: [/a, /b]}
      - {name: mine, scope: account, rate: 1/1s, path: /exports}
      - {name: wide, methods: []}
      - {name: uploads, scope: account, slots: 1, path: /uploads}
`)
	if err != nil {
		t.Fatal(err)
	}
	base := shop(t).
		WithLimit(policy.Limit{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 120, Per: time.Minute}, Burst: 7}).
		WithLimit(policy.Limit{Name: "lead", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 24, Per: 24 * time.Hour}, Off: true}).
		WithLimit(policy.Limit{Name: "wide", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Second}, Methods: []string{"POST"}, Off: true})
	p, err := f.Apply(base)
	if err != nil {
		t.Fatal(err)
	}
	if r := p.Retry(); r.MaxAttempts != 6 || *r.MaxWait != 30*time.Second || r.MaxElapsed != 2*time.Minute {
		t.Errorf("retry %+v", r)
	}
	account, _ := p.LimitNamed("account")
	wide, _ := p.LimitNamed("wide")
	lead, _ := p.LimitNamed("lead")
	want := []policy.Limit{
		{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 500, Per: time.Minute}, Burst: 7, Slots: 9, Share: 80},
		{Name: "lead", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 24, Per: 24 * time.Hour}, Burst: 2, Methods: []string{"PUT"}, Paths: []string{"/a", "/b"}},
		{Name: "wide", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Second}, Off: true},
	}
	if diff := cmp.Diff(want, []policy.Limit{account, lead, wide}); diff != "" {
		t.Errorf("limits mismatch (-want +got):\n%s", diff)
	}
	if n := len(p.Limits("GET", "/exports")); n != 3 {
		t.Errorf("%d limits of an export; want 3", n)
	}
	for name, tt := range map[string]struct {
		failure policy.Failure
		state   policy.State
		want    verdict
	}{
		"a code": {
			withCodes(400, "TAKEN"), policy.State{},
			verdict{Class: apierrors.AlreadyExists, Act: apierrors.Accept, Rule: "policies.yaml:10 code TAKEN"},
		},
		"the section of the vendor goes before the defaults": {
			withCodes(503), policy.State{Method: "POST"},
			verdict{Retry: true, Class: apierrors.ServerError, Act: apierrors.Retry, Rule: "policies.yaml:11 class server_error, method POST"},
		},
		"the defaults": {
			withCodes(503), policy.State{},
			verdict{Stop: apierrors.StopMaxWait, Class: apierrors.ServerError, Act: apierrors.Defer, Rule: "policies.yaml:5 class server_error"},
		},
		"an endpoint that may be repeated": {
			policy.Failure{Class: apierrors.Network}, policy.State{Method: "POST", Path: "/orders"},
			verdict{Retry: true, Class: apierrors.Network, Act: apierrors.Retry, Rule: "class network"},
		},
		"an endpoint that may not": {
			policy.Failure{Class: apierrors.Network}, policy.State{Method: "PATCH", Path: "/items/7"},
			verdict{Stop: apierrors.StopUnsafe, Class: apierrors.Network, Act: apierrors.Retry, Rule: "class network"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, verdictOf(p.Decide(tt.failure, tt.state))); diff != "" {
				t.Errorf("Decide mismatch (-want +got):\n%s", diff)
			}
		})
	}
	other, err := f.Apply(named(t, "connectif"))
	if err != nil || other.Retry().MaxAttempts != 2 {
		t.Errorf("another vendor: %v, %d attempts", err, other.Retry().MaxAttempts)
	}
	if diff := cmp.Diff([]string{"shop"}, f.Vendors()); diff != "" {
		t.Errorf("Vendors mismatch (-want +got):\n%s", diff)
	}
}

func TestApplyRefusesAnUnknownLimit(t *testing.T) {
	f, err := readFile(t, "vendors:\n  shop:\n    limits:\n      - {name: acount, burst: 2}\n")
	if err != nil {
		t.Fatal(err)
	}
	base := shop(t).WithLimit(policy.Limit{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Second}})
	_, err = f.Apply(base)
	const want = `policies.yaml:4:9: unknown limit "acount"; did you mean "account"? (a new one needs a scope, and a rate, a window or slots)`
	if err == nil || err.Error() != want {
		t.Errorf("error %v; want %s", err, want)
	}
}

func TestApplyKeepsZero(t *testing.T) {
	base := shop(t).WithRetry(policy.Retry{EscalateAfter: new(3)})
	p := applied(t, base, "defaults:\n  retry: {budget: 0, max_wait: 0s, escalate_after: 0}\n")
	if r := p.Retry(); *r.Budget != 0 || *r.MaxWait != 0 || *r.EscalateAfter != 0 {
		t.Errorf("budget %v, max_wait %v, escalate_after %v; want 0", *r.Budget, *r.MaxWait, *r.EscalateAfter)
	}
	if d := p.Decide(policy.Failure{Status: 429, Wait: time.Nanosecond}, policy.State{}); d.Stop != apierrors.StopMaxWait {
		t.Errorf("stop %v for a wait of a nanosecond, although max_wait is 0s", d.Stop)
	}
	if d := p.Decide(withCodes(400, "BAD"), policy.State{SurfacedCode: "BAD", Surfaced: 100}); d.Action != apierrors.Surface {
		t.Errorf("%v, although escalate_after is 0", d.Action)
	}
}

func TestApplyKeepsFalse(t *testing.T) {
	p := applied(t, shop(t), "vendors:\n  shop:\n    rules:\n      - {when: {code: TAKEN}, hint: Look at it., accept_after_unknown: false}\n")
	if d := p.Decide(withCodes(400, "TAKEN"), policy.State{Before: policy.InDoubt}); d.Action != apierrors.Surface {
		t.Errorf("%v, although accept_after_unknown is false", d.Action)
	}
	p = applied(t, shop(t), "vendors:\n  shop:\n    endpoints: [{path: /orders, repeat_unsafe: true}]\n    rules:\n      - {when: {code: NEW}, class: server_error, action: retry, repeat_unsafe: false}\n")
	if d := p.Decide(withCodes(500, "NEW"), policy.State{Method: "POST", Path: "/orders"}); d.Stop != apierrors.StopUnsafe {
		t.Errorf("stop %v, although repeat_unsafe is false", d.Stop)
	}
}
