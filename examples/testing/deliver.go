// Package orders is a worker that sends orders to a shop. docs/testing.md is about its tests.
package orders

import (
	"context"
	_ "embed"
	"net/http"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
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

// Deliver sends an order. If it fails, again is when to call Deliver with it again; zero: a person
// has to look at the error first.
func Deliver(ctx context.Context, c *client.Client, o Order) (again time.Time, err error) {
	_, err = client.Do[struct{}](ctx, c, client.Call{
		Method: http.MethodPost, Path: "/orders", Body: o,
		Options: client.CallOptions{Op: "orders.create", IdempotencyKey: o.ID},
	})
	again, _ = apierrors.RetryAt(err)
	return again, err
}
