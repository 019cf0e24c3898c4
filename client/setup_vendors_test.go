package client_test

import (
	"bytes"
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// shop is a small vendor. Its codes are in the header X-Code, also of a 2xx, and it honours
// idempotency keys.
type shop struct{ policy policy.Policy }

func (s shop) Profile() policy.Profile {
	return policy.Profile{Name: "shop", Policy: s.policy, ErrorsIn2xx: true, Idempotency: policy.Idempotency{Header: "Idempotency-Key"}}
}

func (shop) Decode(a policy.Answer) *policy.Failure {
	if a.Status < 400 && a.Header.Get("X-Code") == "" {
		return nil
	}
	f := &policy.Failure{Status: a.Status, Limits: a.Header.Values("X-Limit")}
	f.Wait, _ = policy.ParseWait(a.Header.Get("Retry-After"), policy.HTTP, a.Now())
	if code := a.Header.Get("X-Code"); code != "" {
		f.Items = []apierrors.Field{{Code: code, Message: "the vendor's message"}}
	}
	return f
}

// shopPolicy returns the policy of the shop's data.
func shopPolicy(t testing.TB) policy.Policy {
	t.Helper()
	onCode := func(code string, r policy.Rule) policy.Rule {
		r.When.Codes = []string{code}
		return r
	}
	p, err := policy.New(policy.Settings{
		Name: "shop",
		Rules: []policy.Rule{
			onCode("BAD", policy.Rule{Class: apierrors.Validation, Summary: "It is bad."}),
			onCode("EMPTY", policy.Rule{Class: apierrors.NotFound, Action: apierrors.Accept}),
			onCode("RACE", policy.Rule{Class: apierrors.Conflict}),
			onCode("SLOW", policy.Rule{Class: apierrors.RateLimited}),
			onCode("GONE", policy.Rule{Class: apierrors.NotFound}),
			onCode("FULL", policy.Rule{Class: apierrors.QuotaExceeded, After: 5 * time.Minute}),
			onCode("THERE", policy.Rule{Class: apierrors.AlreadyExists, AcceptAfterUnknown: new(true)}),
		},
		Endpoints: []policy.Endpoint{{Methods: []string{"PATCH"}, Paths: []string{"/items/*"}, Repeatable: true}},
		Limits:    []policy.Limit{{Name: "item", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 24, Per: 24 * time.Hour}, Paths: []string{"/items/*"}, Off: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// shopAt is a shop whose data has a base URL.
type shopAt struct{ shop }

func (s shopAt) Profile() policy.Profile {
	p := s.shop.Profile()
	p.BaseURL = "https://api.vendor.test"
	return p
}

// strict is a shop without errors in a 2xx.
type strict struct{ shop }

func (s strict) Profile() policy.Profile {
	p := s.shop.Profile()
	p.ErrorsIn2xx = false
	return p
}

// farsighted is a shop that is searched for errors further than others.
type farsighted struct{ inBody }

func (f farsighted) Profile() policy.Profile {
	p := f.shop.Profile()
	p.PeekBytes = 10_000
	return p
}

// keyless is a shop that does not honour idempotency keys.
type keyless struct{ shop }

func (k keyless) Profile() policy.Profile {
	p := k.shop.Profile()
	p.Idempotency = policy.Idempotency{}
	return p
}

// keeper is a shop that decodes every response to the same failure.
type keeper struct {
	shop
	failure *policy.Failure
}

func (k keeper) Decode(policy.Answer) *policy.Failure { return k.failure }

// twoCodes is a shop that decodes every response to a failure with two codes.
type twoCodes struct{ shop }

func (twoCodes) Decode(a policy.Answer) *policy.Failure {
	return &policy.Failure{Status: a.Status, Items: []apierrors.Field{{Path: "a", Code: "GONE", Message: "about GONE"}, {Path: "b", Code: "BAD"}}}
}

// inBody is a shop whose errors are in the body.
type inBody struct{ shop }

func (inBody) Decode(a policy.Answer) *policy.Failure {
	if !bytes.Contains(a.Body, []byte(`"error"`)) {
		return nil
	}
	return &policy.Failure{Status: a.Status, Items: []apierrors.Field{{Code: "BAD"}}}
}

// An item is a record of the shop.
type item struct {
	ID   string `json:"id"`
	Size int    `json:"size,omitempty"`
}
