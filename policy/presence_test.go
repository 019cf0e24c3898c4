package policy_test

import (
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// applied returns base with what an operator's file says about it.
func applied(t *testing.T, base policy.Policy, text string) policy.Policy {
	t.Helper()
	f, err := policy.ParseFile("policies.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Apply(base)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A rule may say that a refused write may have been executed all the same.
func TestDecideTakesAppliedUnknownAtItsWord(t *testing.T) {
	for name, tt := range map[string]struct {
		rule    string
		failure policy.Failure
	}{
		"by status": {"{when: {status: 409}, action: retry, applied: unknown}", withCodes(409)},
		"by code":   {"{when: {code: DOWN}, action: retry, applied: unknown}", withCodes(400, "DOWN")},
		"by class":  {"{when: {class: conflict}, action: retry, applied: unknown}", withCodes(409)},
		"throttled": {"{when: {status: 429}, applied: unknown}", withCodes(429)},
	} {
		t.Run(name, func(t *testing.T) {
			p := applied(t, shop(t), "vendors:\n  shop:\n    rules:\n      - "+tt.rule+"\n")
			d := p.Decide(tt.failure, policy.State{Method: "POST"})
			if d.Stop != apierrors.StopUnsafe || d.Applied != apierrors.AppliedUnknown {
				t.Errorf("stop %v, applied %v; want unsafe, unknown", d.Stop, d.Applied)
			}
		})
	}
}

func TestApplyTakesZeroAtItsWord(t *testing.T) {
	base := shop(t).WithRetry(policy.Retry{EscalateAfter: new(3)})
	p := applied(t, base, "defaults:\n  retry: {budget: 0, max_wait: 0s, escalate_after: 0}\n")
	if r := p.Retry(); *r.Budget != 0 || *r.MaxWait != 0 || *r.EscalateAfter != 0 {
		t.Errorf("budget %v, max_wait %v, escalate_after %v; want 0", *r.Budget, *r.MaxWait, *r.EscalateAfter)
	}
	if d := p.Decide(policy.Failure{Status: 429, Wait: time.Nanosecond}, policy.State{}); d.Stop != apierrors.StopMaxWait {
		t.Errorf("a wait of a nanosecond, although max_wait is 0s: stop %v", d.Stop)
	}
	if d := p.Decide(withCodes(400, "BAD"), policy.State{SurfacedCode: "BAD", Surfaced: 100}); d.Action != apierrors.Surface {
		t.Errorf("%v, although escalate_after is 0", d.Action)
	}
}

func TestApplyTakesFalseAtItsWord(t *testing.T) {
	p := applied(t, shop(t), "vendors:\n  shop:\n    rules:\n      - {when: {code: TAKEN}, hint: Look at it., accept_after_unknown: false}\n")
	if d := p.Decide(withCodes(400, "TAKEN"), policy.State{UnknownBefore: true}); d.Action != apierrors.Surface {
		t.Errorf("%v, although accept_after_unknown is false", d.Action)
	}
	p = applied(t, shop(t), "vendors:\n  shop:\n    endpoints: [{path: /orders, repeat_unsafe: true}]\n    rules:\n      - {when: {code: NEW}, action: retry, repeat_unsafe: false}\n")
	if d := p.Decide(withCodes(400, "NEW"), policy.State{Method: "POST", Path: "/orders"}); d.Stop != apierrors.StopUnsafe {
		t.Errorf("stop %v, although repeat_unsafe is false", d.Stop)
	}
}

// A key whose zero has no meaning is refused, and not taken for the default.
func TestReadFileRefusesWhatSaysNothing(t *testing.T) {
	for text, want := range map[string]string{
		"retry: {max_attempts: 0}":                                  "policies.yaml:2:25: max_attempts: expected a number above zero; got 0",
		"retry: {max_attempts: -1}":                                 "policies.yaml:2:25: max_attempts: expected a number above zero; got -1",
		"retry: {max_elapsed: 0s}":                                  "policies.yaml:2:24: max_elapsed: expected a duration above zero; got \"0s\"",
		"retry: {attempt_timeout: -1s}":                             "policies.yaml:2:28: attempt_timeout: expected a duration above zero; got \"-1s\"",
		"retry: {max_wait: -1s}":                                    "policies.yaml:2:21: max_wait: expected a duration of zero or more; got \"-1s\"",
		"retry: {budget: -1}":                                       "policies.yaml:2:19: budget: expected a number of zero or more; got -1",
		"retry: {escalate_after: -1}":                               "policies.yaml:2:27: escalate_after: expected a number of zero or more; got -1",
		"retry: {backoff: {base: 0s, cap: 1s}}":                     "policies.yaml:2:27: base: expected a duration above zero; got \"0s\"",
		"rules: [{when: {code: A}, max_attempts: 0}]":               "policies.yaml:2:43: max_attempts: expected a number above zero; got 0",
		"rules: [{when: {code: A}, after: 0s}]":                     "policies.yaml:2:36: after: expected a duration above zero; got \"0s\"",
		"rules: [{when: {code: A}, max_elapsed: 0s}]":               "policies.yaml:2:42: max_elapsed: expected a duration above zero; got \"0s\"",
		"rules: [{when: {code: A}, escalate_after: -1}]":            "policies.yaml:2:45: escalate_after: expected a number of zero or more; got -1",
		"rules: [{when: {code: A}, class: none}]":                   "policies.yaml:2:36: class: none means the same as no key; leave it out",
		"rules: [{when: {code: A}, hint: ''}]":                      "policies.yaml:2:35: hint: expected text that is not empty; got \"\"",
		"rules: [{when: {code: []}, action: accept}]":               "policies.yaml:2:25: code: expected at least one element; got an empty list",
		"rules: [{when: {status: []}, action: accept}]":             "policies.yaml:2:27: status: expected at least one element; got an empty list",
		"limits: [{name: a, scope: account, rate: 1/1s, burst: 0}]": "policies.yaml:2:57: burst: expected a number above zero; got 0",
	} {
		f, err := policy.ParseFile("policies.yaml", []byte("defaults:\n  "+text+"\n"), nil)
		if f != nil || err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

// A word that has changed is refused with the new one.
func TestReadFileNamesTheNewWord(t *testing.T) {
	for text, want := range map[string]string{
		"{when: {code: A}, otherwise: surface}":             `policies.yaml:3:25: "otherwise" is now called "fallback"`,
		"{when: {code: A}, text: Too big.}":                 `policies.yaml:3:25: "text" is now called "summary"`,
		"{when: {code: A, told_wait: true}, action: defer}": `policies.yaml:3:24: "told_wait" is now called "has_wait"`,
	} {
		f, err := policy.ParseFile("policies.yaml", []byte("defaults:\n  rules:\n    - "+text+"\n"), nil)
		if f != nil || err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

// named returns the policy of a vendor of which only the name is known.
func named(t testing.TB, vendor string) policy.Policy {
	t.Helper()
	p, err := policy.New(policy.Settings{Name: vendor})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// yamlOf returns the text of p.
func yamlOf(t testing.TB, p policy.Policy) []byte {
	t.Helper()
	text, err := p.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
