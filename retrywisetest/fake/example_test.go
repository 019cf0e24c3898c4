package fake_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/retrywisetest/fake"
	"github.com/retrywise/retrywise/vendors"
)

// shop is the file of an API of one's own.
const shop = `
vendor: shop
title: Shop
documents:
  - {url: "https://shop.example/docs/errors", read: 2026-11-26}
decode:
  - {in: /error, code: code, message: message}
codes:
  - {code: STOCK_LOCKED, class: conflict, backoff: {base: 1ms, cap: 2ms}}
  - {code: NO_SUCH_ITEM, class: dependency, hint: Create the item first.}
idempotency: {header: X-Key, methods: POST, path: /orders}
limits:
  - {name: orders, scope: account, methods: POST, path: /orders, window: 100/1m}
`

// A fake of an API of one's own: its file, and one line. In a test, New(t, …) takes the place of
// Start, and needs no Close.
func Example() {
	vendor, err := vendors.Parse([]byte(shop))
	if err != nil {
		fmt.Println(err)
		return
	}
	api, err := fake.Start(vendor, fake.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer api.Close()
	c, err := client.New(client.Config{Vendor: vendor, BaseURL: api.URL(), Transport: api.Transport()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	api.Fail("STOCK_LOCKED", "NO_SUCH_ITEM") // the next two requests
	for _, item := range []string{"tea", "milk"} {
		_, err := client.Do[struct{}](context.Background(), c, client.Call{
			Method: http.MethodPost, Path: "/orders", Body: map[string]string{"item": item},
		})
		if e, ok := errors.AsType[*apierrors.Error](err); ok {
			fmt.Println(item, "refused:", e.Code, e.Hint)
			continue
		}
		fmt.Println(item, "delivered")
	}
	for _, key := range api.Ledger().Keys() {
		fmt.Println("executed:", key)
	}
	// Output:
	// tea refused: NO_SUCH_ITEM Create the item first.
	// milk delivered
	// executed: POST /orders {"item":"milk"}
}

// A vendor's response is lost, and the key of the call makes the retry harmless: the vendor
// executes the charge once.
func ExampleOptions_faults() {
	vendor, err := vendors.Lookup(vendors.Stripe)
	if err != nil {
		fmt.Println(err)
		return
	}
	api, err := fake.Start(vendor, fake.Options{
		Faults: retrywisetest.Faults{Plan: retrywisetest.Sequence(retrywisetest.ResetAfter)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer api.Close()
	c, err := client.New(client.Config{Vendor: vendor, BaseURL: api.URL(), Transport: api.Transport()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	_, err = client.Do[struct{}](context.Background(), c, client.Call{
		Method: http.MethodPost, Path: "/v1/charges", Body: url.Values{"amount": {"100"}},
		Options: client.CallOptions{IdempotencyKey: "order-7"},
	})
	fmt.Println("error:", err)
	fmt.Println("requests:", len(api.Requests()), "executed:", api.Ledger().Total())
	// Output:
	// error: <nil>
	// requests: 2 executed: 1
}
