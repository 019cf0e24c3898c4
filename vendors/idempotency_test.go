package vendors_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

// keepers are vendors that honor keys, by their documents. stripe stores failures, zendesk takes
// keys at one endpoint.
var keepers = map[string]string{
	"stripe": `
vendor: stripe
title: Stripe
documents: [{url: "https://docs.stripe.com/api/idempotent_requests", read: 2026-11-25}]
decode:
  - {in: /error, needs: code, code: code, message: message}
  - {in: /error, code: type, message: message}
idempotency: {header: Idempotency-Key, methods: POST, max_length: 255, lifetime: 24h, replays: 5xx, in_flight: idempotency_key_in_use, mismatch: idempotency_error}
`,
	"zendesk": `
vendor: zendesk
title: Zendesk
documents: [{url: "https://developer.zendesk.com/api-reference/ticketing/introduction/", read: 2026-11-25}]
decode:
  - {in: "", code: error, message: description}
idempotency: {header: Idempotency-Key, methods: POST, path: /api/v2/tickets, max_length: 255, lifetime: 2h, mismatch: IdempotentRequestError}
`,
	"uuids": `
vendor: uuids
title: A vendor of UUIDs
documents: [{url: "https://uuids.test", read: 2026-11-25}]
idempotency: {header: x-request-key, form: uuid}
`,
}

func keeper(t *testing.T, name string) *vendors.Vendor {
	t.Helper()
	v, err := vendors.Parse([]byte(keepers[name]))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestParseIdempotency(t *testing.T) {
	for name, want := range map[string]policy.Idempotency{
		"stripe": {
			Header: "Idempotency-Key", Methods: []string{"POST"}, MaxLength: 255, Lifetime: 24 * time.Hour,
			Replays: []policy.StatusRange{{From: 500, To: 599}},
		},
		"zendesk": {Header: "Idempotency-Key", Methods: []string{"POST"}, Paths: []string{"/api/v2/tickets"}, MaxLength: 255, Lifetime: 2 * time.Hour},
		"uuids":   {Header: "X-Request-Key", Form: policy.KeyUUID},
	} {
		t.Run(name, func(t *testing.T) {
			v := keeper(t, name)
			if diff := cmp.Diff(want, v.Profile().Idempotency); diff != "" {
				t.Errorf("Idempotency (-want +got):\n%s", diff)
			}
			if lists := v.Profile().Idempotency; lists.Methods != nil {
				lists.Methods[0] = "changed"
			}
			if diff := cmp.Diff(want, v.Profile().Idempotency); diff != "" {
				t.Errorf("after a change of a copy (-want +got):\n%s", diff)
			}
		})
	}
}

// A key that is in use is waited for, and one of another request is never used again.
func TestParseCodesAboutKeys(t *testing.T) {
	for name, tt := range map[string]struct {
		vendor, body string
		status       int
		before       policy.Outcome
		retry        bool
		stop         apierrors.Stop
		applied      apierrors.Applied
	}{
		"in use":                     {"stripe", `{"error":{"type":"idempotency_error","code":"idempotency_key_in_use"}}`, 409, policy.NotApplied, true, apierrors.StopNone, apierrors.AppliedUnknown},
		"in use, a doubt":            {"stripe", `{"error":{"type":"invalid_request_error","code":"idempotency_key_in_use"}}`, 409, policy.InDoubt, true, apierrors.StopNone, apierrors.AppliedUnknown},
		"another request":            {"stripe", `{"error":{"type":"idempotency_error"}}`, 400, policy.NotApplied, false, apierrors.StopPermanent, apierrors.AppliedNo},
		"another request, a doubt":   {"stripe", `{"error":{"type":"idempotency_error"}}`, 400, policy.InDoubt, false, apierrors.StopPermanent, apierrors.AppliedUnknown},
		"another request of Zendesk": {"zendesk", `{"error":"IdempotentRequestError","description":"the body differs"}`, 400, policy.NotApplied, false, apierrors.StopPermanent, apierrors.AppliedNo},
	} {
		t.Run(name, func(t *testing.T) {
			v := keeper(t, tt.vendor)
			f := v.Decode(policy.Answer{Status: tt.status, Body: []byte(tt.body)})
			d := v.Policy().Decide(*f, policy.State{Method: "POST", HasKey: true, Before: tt.before})
			if d.Class != apierrors.Conflict || d.Retry != tt.retry || d.Stop != tt.stop || d.Applied != tt.applied {
				t.Errorf("class %v, retry %v, stop %v, applied %v; want conflict, %v, %v, %v", d.Class, d.Retry, d.Stop, d.Applied, tt.retry, tt.stop, tt.applied)
			}
			if d.Summary == "" || d.Hint == "" {
				t.Errorf("summary %q, hint %q; want both", d.Summary, d.Hint)
			}
		})
	}
}

// Zendesk honors a key where a ticket is created, and nowhere else: a keyed PUT is not repeated.
func TestDecideDoesNotRepeatAKeyedPUTOfZendesk(t *testing.T) {
	v := lookup(t, vendors.Zendesk)
	for _, tt := range []struct {
		method, path string
		honored      bool
	}{{"POST", "/api/v2/tickets", true}, {"PUT", "/api/v2/tickets/7", false}} {
		i := v.Profile().Idempotency
		honored := slices.Contains(i.Methods, tt.method) && slices.Contains(i.Paths, tt.path)
		d := v.Policy().Decide(*v.Decode(policy.Answer{Status: 503}), policy.State{Method: tt.method, Path: tt.path, HasKey: honored, KeyLeft: time.Hour})
		if honored != tt.honored || d.Retry != tt.honored {
			t.Errorf("%s %s: honored %v, retry %v; want %v", tt.method, tt.path, honored, d.Retry, tt.honored)
		}
	}
}
