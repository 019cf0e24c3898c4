package policy_test

import (
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// verdict is the part of a decision that most rows check.
type verdict struct {
	Retry bool
	Delay time.Duration
	Stop  apierrors.Stop
	Class apierrors.Class
	Act   apierrors.Action
	Rule  string
}

func verdictOf(d policy.Decision) verdict {
	return verdict{d.Retry, d.Delay, d.Stop, d.Class, d.Action, d.Rule}
}

func withCodes(status int, codes ...string) policy.Failure {
	f := policy.Failure{Status: status}
	for _, c := range codes {
		f.Items = append(f.Items, apierrors.Field{Code: c})
	}
	return f
}

// shop is a small vendor.
func shop(t *testing.T) policy.Policy {
	t.Helper()
	p, err := policy.New(policy.Settings{
		Name: "shop",
		Rules: []policy.Rule{
			{When: policy.Match{Class: apierrors.Conflict}, MaxAttempts: 9},
			{When: policy.Match{Statuses: []policy.StatusRange{{From: 409, To: 409}}}, Class: apierrors.Conflict, Action: apierrors.Retry},
			{When: policy.Match{Codes: []string{"DOWN"}}, Class: apierrors.ServerError, Applied: new(apierrors.AppliedNo)},
			{When: policy.Match{Codes: []string{"BUSY"}}, Class: apierrors.QuotaExceeded, After: 5 * time.Minute},
			{When: policy.Match{Codes: []string{"TAKEN"}}, Class: apierrors.AlreadyExists, AcceptAfterUnknown: new(true), AcceptAfterCodes: []string{"RACE"}},
			{When: policy.Match{Codes: []string{"THERE"}}, Class: apierrors.AlreadyExists, Action: apierrors.Accept},
			{When: policy.Match{Codes: []string{"GONE"}}, Class: apierrors.NotFound},
			{When: policy.Match{Codes: []string{"BAD"}}, Class: apierrors.Validation},
			{When: policy.Match{Codes: []string{"BAD"}, Methods: []string{"PUT"}}, Class: apierrors.MalformedRequest},
			{When: policy.Match{Codes: []string{"ONLY_PUT"}, Methods: []string{"PUT"}}, Class: apierrors.MalformedRequest},
			{When: policy.Match{Codes: []string{"KEY"}}, Class: apierrors.Authentication},
		},
		Endpoints: []policy.Endpoint{
			{Methods: []string{"PATCH"}, Paths: []string{"/items/*"}, Repeatable: true},
			{Methods: []string{"PUT"}, Paths: []string{"/surveys"}, Repeatable: false},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// named returns the policy of a vendor without rules.
func named(t testing.TB, vendor string) policy.Policy {
	t.Helper()
	p, err := policy.New(policy.Settings{Name: vendor})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// applied returns base with the changes of an operator's file.
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

// yamlOf returns the text of p.
func yamlOf(t testing.TB, p policy.Policy) []byte {
	t.Helper()
	text, err := p.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
