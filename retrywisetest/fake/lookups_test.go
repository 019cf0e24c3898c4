package fake_test

import (
	"strings"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/retrywisetest/fake"
	"github.com/retrywise/retrywise/vendors"
)

// An order whose response was lost is looked up as the file says, and found in a document of the
// form that the file says. One that was not executed is absent, and sent again.
func TestLookUpsFindWhatWasExecuted(t *testing.T) {
	for name, lookup := range map[string]string{
		"by status":              `path: "/orders/{body.id}"`,
		"by a member":            `path: "/orders/{body.id}", at: /id, is: "{body.id}"`,
		"by a number":            `path: "/orders/{body.number}", at: /number, is: "{body.number}", has_body: true`,
		"by a deep place":        `path: "/orders/{body.id}", at: /order/0/ref~1id, is: "{body.id}"`,
		"by all that was sent":   `path: "/orders/{body.id}", has_body: true`,
		"what is absent is gone": `path: "/orders/{body.id}", absent: 410`,
		"in a list":              `path: "/orders?ref={body.id}", in: /data/orders, at: /id, is: "{body.id}"`,
		"by other statuses":      `path: "/orders/{body.id}", found: 203, absent: 410`,
		"by another method":      `path: "/orders/{body.id}", method: QUERY`,
	} {
		t.Run(name, func(t *testing.T) {
			v := parsed(t, `endpoints: [{methods: POST, path: /orders, repeatable: false, lookup: {`+lookup+`, consistent: true, settle: 10s}}]`)
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				api := fake.New(t, v, fake.Options{Faults: retrywisetest.Faults{
					Plan: retrywisetest.Sequence(retrywisetest.ResetAfter, retrywisetest.NoFault, retrywisetest.ResetBefore),
				}})
				c := newClient(t, v, api, client.Config{})
				send := func(id string, number int) error {
					return call(t.Context(), c, client.Call{Method: "POST", Path: "/orders", Body: map[string]any{"id": id, "number": number}})
				}
				if err := send("A/1 é", 1); err != nil {
					t.Errorf("executed, and the response lost: %v", err)
				}
				if err := send("A-2", 2); err != nil {
					t.Errorf("not executed: %v", err)
				}
				if retrywisetest.AppliedOnce(t, api.Ledger()); api.Ledger().Total() != 2 {
					t.Errorf("executed %q; want both", api.Ledger().Keys())
				}
			})
		})
	}
}

// What is absent is said in the vendor's words.
func TestLookUpsOfAVendor(t *testing.T) {
	for fault, want := range map[retrywisetest.Fault]string{retrywisetest.ResetBefore: "absent (404)", retrywisetest.ResetAfter: ""} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			v := lookup(t, vendors.Connectif)
			api := fake.New(t, v, fake.Options{Faults: retrywisetest.Faults{Plan: retrywisetest.Sequence(fault)}})
			err := call(t.Context(), newClient(t, v, api, client.Config{}), client.Call{Method: "POST", Path: "/purchases/", Body: map[string]any{"purchaseId": "P-1"}})
			if err == nil && want == "" {
				return
			}
			if e := failure(t, err); want == "" || !strings.HasPrefix(e.Lookup, want) {
				t.Errorf("%s: look-up %q; want %q", fault, e.Lookup, want)
			}
		})
	}
}

// What a look-up of the file does not lead to is a request like any other.
func TestLookUpsOfNothing(t *testing.T) {
	v := parsed(t, `endpoints: [{methods: POST, path: /orders, repeatable: false, lookup: "GET /orders/{body.id}"}]`)
	api := fake.New(t, v, fake.Options{})
	c := newClient(t, v, api, client.Config{})
	for _, what := range []client.Call{
		{Method: "POST", Path: "/orders", Body: map[string]any{"name": "no id"}},
		{Path: "/orders/A-1"},
		{Path: "/orders"},
	} {
		if err := call(t.Context(), c, what); err != nil {
			t.Errorf("%s %s: %v", what.Method, what.Path, err)
		}
	}
}

// A Handler responds to look-ups itself.
func TestLookUpsOfAHandler(t *testing.T) {
	v := parsed(t, `endpoints: [{methods: POST, path: /orders, repeatable: false, lookup: "GET /orders/{body.id}"}]`)
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		api := fake.New(t, v, fake.Options{
			Handler: retrywisetest.Script(retrywisetest.Status(201), retrywisetest.Status(404)),
			Faults:  retrywisetest.Faults{Plan: retrywisetest.Sequence(retrywisetest.ResetAfter)},
		})
		err := call(t.Context(), newClient(t, v, api, client.Config{}), client.Call{Method: "POST", Path: "/orders", Body: map[string]any{"id": "A-1"}})
		if e := failure(t, err); !strings.HasPrefix(e.Lookup, "absent (404)") || e.Class != apierrors.Network {
			t.Errorf("%v, look-up %q; want absent (404)", err, e.Lookup)
		}
	})
}

// Paths of the file are those below its base URL: a key is honored there, and a limit kept.
func TestBelowTheBaseURL(t *testing.T) {
	v := parsed(t, `base_url: https://{account}.shop.example/api/v2
idempotency: {header: X-Order-Key, methods: POST, path: /orders, lifetime: 24h}
limits: [{name: orders, scope: account, methods: POST, path: /orders, window: 1/1h}]
`)
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		api := fake.New(t, v, fake.Options{Faults: retrywisetest.Faults{Plan: retrywisetest.Sequence(retrywisetest.ResetAfter)}})
		c, err := client.New(client.Config{Vendor: v, BaseURL: "https://a.shop.example/api/v2", Transport: api.Transport()})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for _, key := range []string{"A-1", "A-2"} {
			err = call(t.Context(), c, client.Call{Method: "POST", Path: "/orders", Options: client.CallOptions{IdempotencyKey: key}})
		}
		if retrywisetest.AppliedOnce(t, api.Ledger()); api.Ledger().Total() != 1 || err == nil {
			t.Errorf("%d executed, %v; want 1, and a wait", api.Ledger().Total(), err)
		}
	})
}
