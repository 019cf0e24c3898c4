package policy_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// Sorting a vendor's rules keeps the order of equal ones, however many there are.
func TestDecideUsesTheFirstOfEqualRules(t *testing.T) {
	var rules []policy.Rule
	for i := range 100 {
		if i%3 == 0 { // by status: sorted behind those by code
			rules = append(rules, policy.Rule{When: policy.Match{Statuses: []policy.StatusRange{{From: 500 + i, To: 500 + i}}}, Action: apierrors.Surface})
		}
		rules = append(rules, policy.Rule{Name: fmt.Sprint("rule ", i), When: policy.Match{Codes: []string{fmt.Sprint("C", i%10)}}, Action: apierrors.Surface})
	}
	p, err := policy.New(policy.Settings{Name: "shop", Rules: rules})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if d := p.Decide(withCodes(400, fmt.Sprint("C", i)), policy.State{}); d.Rule != fmt.Sprint("rule ", i) {
			t.Errorf("code C%d: rule %s", i, d.Rule)
		}
	}
}

// A rule that is narrowed by a wait goes before one that is not.
func TestDecidePrefersANarrowerRule(t *testing.T) {
	onBusy := func(name string, hasWait *bool) policy.Rule {
		return policy.Rule{Name: name, When: policy.Match{Codes: []string{"BUSY"}, HasWait: hasWait}, Class: apierrors.RateLimited}
	}
	for name, tt := range map[string]struct {
		rules []policy.Rule
		wait  time.Duration
		want  string
	}{
		"with a wait":       {[]policy.Rule{onBusy("wide", nil), onBusy("narrow", new(true))}, time.Second, "narrow"},
		"but has none":      {[]policy.Rule{onBusy("wide", nil), onBusy("narrow", new(true))}, 0, "wide"},
		"without a wait":    {[]policy.Rule{onBusy("wide", nil), onBusy("narrow", new(false))}, 0, "narrow"},
		"but has one":       {[]policy.Rule{onBusy("wide", nil), onBusy("narrow", new(false))}, time.Second, "wide"},
		"of two narrow, by": {[]policy.Rule{onBusy("with", new(true)), onBusy("without", new(false))}, 0, "without"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := policy.New(policy.Settings{Name: "shop", Rules: tt.rules})
			if err != nil {
				t.Fatal(err)
			}
			f := withCodes(400, "BUSY")
			f.Wait = tt.wait
			if d := p.Decide(f, policy.State{}); d.Rule != tt.want {
				t.Errorf("rule %s; want %s", d.Rule, tt.want)
			}
		})
	}
}

// A refused credential in a truncated response is retried if that is safe.
func TestDecideRetriesATruncatedRead(t *testing.T) {
	refused := policy.Failure{Status: 401, Truncated: true}
	for method, want := range map[string]bool{"GET": true, "POST": false} {
		if d := policy.Default().Decide(refused, policy.State{Method: method}); d.Retry != want {
			t.Errorf("%s: retry %v, %v, stop %v", method, d.Retry, d.Class, d.Stop)
		}
	}
}

// An operator's rule that turns a refused token into an expired one does not apply again
// after the token could not be renewed.
func TestDecideRefusesATokenThatCannotBeRenewed(t *testing.T) {
	p := policy.Default().With(policy.Rule{Class: apierrors.TokenExpired})
	for name, tt := range map[string]struct {
		state policy.State
		want  apierrors.Action
	}{
		"renewable":     {policy.State{CanRefresh: true}, apierrors.Refresh},
		"not renewable": {policy.State{}, apierrors.FailFast},
	} {
		if d := p.Decide(policy.Failure{Status: 403}, tt.state); d.Action != tt.want {
			t.Errorf("%s: %v by %s; want %v", name, d.Action, d.Rule, tt.want)
		}
	}
}

// A code that no rule lists is kept, and the status decides: the vendor's row for it, or else
// the built-in rule.
func TestDecideOfAnUnlistedCode(t *testing.T) {
	type decided struct {
		Code, Class, Action, Applied, Rule string
	}
	post, remove := policy.State{Method: "POST"}, policy.State{Method: "DELETE"}
	operator := policy.Rule{When: policy.Match{Codes: []string{"OURS"}}, Class: apierrors.NotFound}
	for name, tt := range map[string]struct {
		failure policy.Failure
		state   policy.State
		want    decided
	}{
		"402":                                  {withCodes(402, "NEW"), post, decided{"NEW", "permission", "fail_fast", "no", "unlisted code, status 402"}},
		"403":                                  {withCodes(403, "NEW"), post, decided{"NEW", "permission", "fail_fast", "no", "unlisted code, status 403"}},
		"404":                                  {withCodes(404, "NEW"), post, decided{"NEW", "not_found", "surface", "no", "unlisted code, status 404"}},
		"405":                                  {withCodes(405, "NEW"), post, decided{"NEW", "unsupported", "fail_fast", "no", "unlisted code, status 405"}},
		"415":                                  {withCodes(415, "NEW"), post, decided{"NEW", "unsupported", "fail_fast", "no", "unlisted code, status 415"}},
		"422":                                  {withCodes(422, "NEW"), post, decided{"NEW", "validation", "surface", "no", "unlisted code, status 422"}},
		"429":                                  {withCodes(429, "NEW"), post, decided{"NEW", "rate_limited", "throttle", "no", "unlisted code, status 429"}},
		"503":                                  {withCodes(503, "NEW"), post, decided{"NEW", "server_error", "retry", "unknown", "unlisted code, status 503"}},
		"477":                                  {withCodes(477, "NEW"), post, decided{"NEW", "unknown", "surface", "unknown", "unlisted code, status 477"}},
		"200":                                  {withCodes(200, "NEW"), post, decided{"NEW", "unknown", "surface", "unknown", "unlisted code, status 200"}},
		"413, with a Shrink hook":              {withCodes(413, "NEW"), policy.State{Method: "POST", CanShrink: true}, decided{"NEW", "too_large", "shrink", "no", "unlisted code, status 413"}},
		"413, without":                         {withCodes(413, "NEW"), post, decided{"NEW", "too_large", "surface", "no", "unlisted code, status 413"}},
		"a status of the vendor's data":        {withCodes(409, "NEW"), post, decided{"NEW", "conflict", "retry", "no", "unlisted code, shop status 409"}},
		"the first of several":                 {withCodes(422, "NEW", "NEWER"), post, decided{"NEW", "validation", "surface", "no", "unlisted code, status 422"}},
		"beside a listed code that is retried": {withCodes(400, "NEW", "DOWN"), post, decided{"DOWN", "server_error", "retry", "no", "shop code DOWN"}},
		"beside a listed code that stops the job":          {withCodes(503, "NEW", "KEY"), post, decided{"KEY", "authentication", "fail_fast", "no", "shop code KEY"}},
		"beside a code that is accepted":                   {withCodes(400, "THERE", "NEW"), post, decided{"NEW", "malformed_request", "surface", "no", "unlisted code, status 400"}},
		"a DELETE of what another code says is absent":     {withCodes(404, "NEW"), remove, decided{"NEW", "not_found", "surface", "no", "unlisted code, status 404"}},
		"beside the absence of what is deleted":            {withCodes(404, "GONE", "NEW"), remove, decided{"NEW", "not_found", "surface", "no", "unlisted code, status 404"}},
		"that an operator's rule lists":                    {withCodes(404, "OURS"), remove, decided{"OURS", "not_found", "accept", "no", "operator's code OURS"}},
		"beside one that an operator's rule lists":         {withCodes(400, "NEW", "OURS"), post, decided{"OURS", "not_found", "surface", "no", "operator's code OURS"}},
		"of a method that the vendor's row does not cover": {withCodes(422, "ONLY_PUT"), post, decided{"ONLY_PUT", "validation", "surface", "no", "unlisted code, status 422"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := shop(t).With(operator)
			d := p.Decide(tt.failure, tt.state)
			got := decided{d.Code, d.Class.String(), d.Action.String(), d.Applied.String(), d.Rule}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Decide mismatch (-want +got):\n%s", diff)
			}
		})
	}
}
