package policy_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestParseReadsMarshalText(t *testing.T) {
	p := shop(t).
		With(policy.Rule{
			Name: "ours", When: policy.Match{Codes: []string{"A", "404"}, Statuses: []policy.StatusRange{{From: 400, To: 499}, {From: 503, To: 503}, {From: 510, To: 512}}, Methods: []string{"GET"}, Paths: []string{"/a/*", "/b"}, HasWait: new(true)},
			Class: apierrors.TooLarge, Action: apierrors.Shrink, Fallback: apierrors.Defer, Applied: new(apierrors.AppliedYes), Scope: apierrors.ScopeJob,
			Summary: "it's \"too\" big: {x}\n#1", Hint: "null", MaxAttempts: 3, Backoff: policy.Backoff{Base: time.Millisecond, Cap: time.Hour},
			MaxElapsed: time.Minute, After: 90 * time.Second, EscalateAfter: new(20), AcceptAfterUnknown: new(true), AcceptAfterCodes: []string{"E0603"}, RepeatUnsafe: new(true),
		}).
		WithRetry(policy.Retry{MaxAttempts: 9, EscalateAfter: new(5)}).
		WithLimit(policy.Limit{Name: "lead", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 24, Per: 24 * time.Hour}, Burst: 3, Methods: []string{"PATCH", "PUT"}, Paths: []string{"/b"}, Off: true, Named: true})
	zeros := shop(t).
		With(policy.Rule{
			Name: "zeros", When: policy.Match{HasWait: new(false)}, Applied: new(apierrors.AppliedUnknown), EscalateAfter: new(0),
			AcceptAfterUnknown: new(false), AcceptAfterCodes: []string{}, RepeatUnsafe: new(false),
		}).
		WithRetry(policy.Retry{MaxWait: new(time.Duration(0)), Budget: new(0), EscalateAfter: new(0)})
	for _, p := range []policy.Policy{p, zeros, {}} {
		again, err := policy.Parse(yamlOf(t, p))
		if err != nil {
			t.Fatalf("%v in\n%s", err, yamlOf(t, p))
		}
		if diff := cmp.Diff(p.WithRetry(p.Retry()), again, cmp.AllowUnexported(policy.Policy{})); diff != "" {
			t.Errorf("policy mismatch (-want +got):\n%s\nof\n%s", diff, yamlOf(t, p))
		}
	}
}

func TestParseReportsProblems(t *testing.T) {
	for text, want := range map[string]string{
		"retry: {max_attempts: x}\n":                   "policy:1:23: expected a whole number; got \"x\"",
		"limits: [{name: a, scope: job, rate: 1/1s}]":  "policy: limit a: scope job: expected account, endpoint or record",
		"operator: [{when: {path: a}, action: retry}]": "policy: rule operator's path a: path \"a\": expected a pattern that begins with /, where * is one segment and ** any number",
	} {
		if _, err := policy.Parse([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("Parse(%q): %v; want %s", text, err, want)
		}
	}
}

func TestPolicyString(t *testing.T) {
	for want, p := range map[string]policy.Policy{
		"default policy: 0 rules, 0 limits, 0 endpoints, 4 attempts": policy.Default(),
		"shop: 11 rules, 0 limits, 2 endpoints, 4 attempts":          shop(t),
		"shop: 12 rules, 1 limit, 2 endpoints, 1 attempt": shop(t).
			With(policy.Rule{Action: apierrors.FailFast}).
			WithRetry(policy.Retry{MaxAttempts: 1}).
			WithLimit(policy.Limit{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Second}}),
	} {
		var out bytes.Buffer
		slog.New(slog.NewTextHandler(&out, nil)).Info("policy", "policy", p)
		if got := fmt.Sprint(p); got != want || !strings.Contains(out.String(), want) {
			t.Errorf("String() = %q, and a log has %q; want %q", got, out.String(), want)
		}
	}
}

func TestMarshalTextRefusesAnUnknownMember(t *testing.T) {
	text, err := policy.Default().With(policy.Rule{Action: 99}).MarshalText()
	const want = "policy: operator: action: action(99) is not a known action"
	if text != nil || err == nil || err.Error() != want {
		t.Errorf("MarshalText = %q, %v; want %s", text, err, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(yamlOf(f, policy.Default()))
	f.Add([]byte("policy: shop\nretry: {budget: 0, max_wait: 0s}\nvendor: [{name: a, when: {code: A, has_wait: false}, applied: unknown, accept_after_codes: []}]\n"))
	f.Add([]byte("operator: [{when: {status: 5xx}, repeat_unsafe: false, escalate_after: 0}]\nendpoints: [{repeatable: true, lookup: GET /}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := policy.Parse(data)
		if err != nil {
			return
		}
		again, err := policy.Parse(yamlOf(t, p))
		if err != nil {
			t.Fatalf("Parse: %v in\n%s", err, yamlOf(t, p))
		}
		if diff := cmp.Diff(p.WithRetry(p.Retry()), again, cmp.AllowUnexported(policy.Policy{})); diff != "" {
			t.Errorf("policy mismatch (-want +got):\n%s\nof\n%s", diff, yamlOf(t, p))
		}
	})
}
