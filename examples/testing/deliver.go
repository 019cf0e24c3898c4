// Package orders is a worker that sends orders to a shop. docs/testing.md is about its tests.
package orders

import (
	"context"
	_ "embed"
	"net/http"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/vendors"
)

//go:embed shop.yaml
var shopFile []byte

// NewClient returns a client of the shop. The caller sets BaseURL and Auth.
func NewClient(config client.Config) (*client.Client, error) {
	vendor, err := vendors.Parse(shopFile)
	if err != nil {
		return nil, err
	}
	config.Vendor = vendor
	return client.New(config)
}

// An Order is what a customer ordered.
type Order struct {
	ID   string `json:"id"`
	Item string `json:"item"`
}

// Deliver sends an order, and returns what to do next. Each run of an order sends the same key.
func Deliver(ctx context.Context, c *client.Client, o Order) jobs.Step {
	_, err := client.Do[struct{}](ctx, c, client.Call{
		Method: http.MethodPost, Path: "/orders", Body: o,
		Options: client.CallOptions{Op: "orders.create", IdempotencyKey: o.ID},
	})
	return jobs.After(err, jobs.Options{SameKey: true})
}
