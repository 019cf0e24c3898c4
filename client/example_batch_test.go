package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

// A batch of four orders: one is refused, and one meets a limit and is sent again alone.
func ExampleCallOptions_split() {
	srv, err := retrywisetest.Start(retrywisetest.Script(
		retrywisetest.JSON(207, `{"results":[{"status":201},{"status":422},{"status":429,"headers":{"Retry-After":"0.01"}},{"status":201}]}`),
		retrywisetest.JSON(207, `{"results":[{"status":201}]}`),
	))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	shop, err := vendors.Parse([]byte(`
vendor: shop
title: Our shop
documents: [{url: "https://shop.example/errors", read: 2026-11-26}]
batches:
  - {methods: POST, path: /orders, sent: "/orders/*", items: "/results/*", status: status, headers: headers}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := client.New(client.Config{Vendor: shop, BaseURL: srv.URL()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	orders := []string{"bolts", "", "nuts", "screws"}
	bodyOf := func(orders []string) ([]byte, error) { return json.Marshal(map[string][]string{"orders": orders}) }
	body, err := bodyOf(orders)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Do[json.RawMessage](context.Background(), c, client.Call{
		Method: http.MethodPost, Path: "/orders", Body: body, Header: http.Header{"Content-Type": {"application/json"}},
		Options: client.CallOptions{Op: "orders.create", Split: func(rest client.Rest) ([]byte, error) {
			var again []string
			for _, item := range rest.Items {
				again = append(again, orders[item.Index])
			}
			return bodyOf(again)
		}},
	})
	fmt.Println(err)
	if e, ok := errors.AsType[*apierrors.Error](err); ok {
		for _, item := range e.Items {
			fmt.Printf("%q: %v, applied: %v\n", orders[item.Index], item.Class, item.Applied)
		}
	}
	fmt.Printf("%s\n", srv.Requests()[1].Body)
	// Output:
	// shop orders.create: partial (207); items 1; 2 attempts; applied: yes
	// "": validation, applied: no
	// {"orders":["nuts"]}
}
