package vendors_test

import (
	"strings"
	"testing"

	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

// Stripe honors keys of POST only. It stores a 500 under the key, unless the response says that a
// retry helps.
func TestStripeKeys(t *testing.T) {
	v := lookup(t, vendors.Stripe)
	keys := v.Profile().Idempotency
	for method, want := range map[string]bool{"POST": true, "GET": false, "DELETE": false, "PUT": false} {
		if got := keys.Covers(method, "/v1/customers/cus_1"); got != want {
			t.Errorf("%s: a key is honored: %v; want %v", method, got, want)
		}
	}
	if keys.KeyProblem(strings.Repeat("k", 255)) != "" || keys.KeyProblem(strings.Repeat("k", 256)) == "" {
		t.Error("a key may have 255 characters")
	}
	for name, want := range map[string]struct{ keyed, unkeyed bool }{
		"400-key-of-another-request": {false, false},
		"402-declined-card":          {false, false},
		"409-key-in-use":             {true, false},
		"409-conflict":               {true, true},
		"429-lock":                   {true, true},
		"500-create":                 {false, false},
		"500-create-to-be-retried":   {true, false},
		"502-html":                   {true, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := readAnswer(t, "testdata/stripe/"+name+".http")
			f := *v.Decode(a)
			s := policy.State{Method: a.Method, Path: a.Path}
			unkeyed := v.Policy().Decide(f, s)
			s.HasKey, s.KeyReplays, s.KeyLeft = true, keys.ReplaysOf(a.Path), keys.Lifetime
			keyed := v.Policy().Decide(f, s)
			if keyed.Retry != want.keyed || unkeyed.Retry != want.unkeyed {
				t.Errorf("retried with a key: %v, without: %v; want %+v", keyed.Retry, unkeyed.Retry, want)
			}
		})
	}
	for path, want := range map[string]bool{"/v1/charges": false, "/v2/core/accounts": true} { // API v2 stores no failure
		s := policy.State{Method: "POST", Path: path, HasKey: true, KeyReplays: keys.ReplaysOf(path)}
		if d := v.Policy().Decide(policy.Failure{Status: 500}, s); d.Retry != want {
			t.Errorf("%s: a 500 is retried: %v; want %v (%s)", path, d.Retry, want, d.Rule)
		}
	}
}
