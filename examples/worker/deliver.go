package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/jobs"
)

// A purchase is one record. It starts workflows, so it must not be created twice.
type purchase struct {
	ID    string `json:"purchaseId"`
	Email string `json:"contactEmail"`
}

// deliver creates a purchase and returns what to do next.
func deliver(ctx context.Context, c *client.Client, p purchase) jobs.Step {
	_, err := client.Do[struct{}](ctx, c, client.Call{
		Method:  http.MethodPost,
		Path:    "/purchases/",
		Body:    p,
		Options: client.CallOptions{Op: "purchases.create"},
	})
	return jobs.After(err, jobs.Options{})
}

// isThere looks up whether the vendor has a purchase. "Not found" proves that it is absent
// only where reads show every write at once; elsewhere, wait longer before you look.
func isThere(ctx context.Context, c *client.Client, id string) (bool, error) {
	_, err := client.Do[struct{}](ctx, c, client.Call{
		Path:    "/purchases/purchase-id/" + url.PathEscape(id),
		Options: client.CallOptions{Op: "purchases.lookup"},
	})
	if errors.Is(err, apierrors.NotFound) {
		return false, nil
	}
	return err == nil, err
}
