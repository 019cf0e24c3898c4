package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
)

// A job has the client look up what is in doubt. A replay, whose call was made by an earlier
// process, looks it up itself.

// hasPurchase reports whether Connectif has a purchase.
func hasPurchase(ctx context.Context, c *client.Client, id string) (bool, error) {
	_, err := client.Do[struct{}](ctx, c, client.Call{
		Method:  http.MethodGet,
		Path:    "/purchases/purchase-id/" + url.PathEscape(id),
		Options: client.CallOptions{Op: "purchases.lookup"},
	})
	if errors.Is(err, apierrors.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// hasUpload reports whether CustomerGauge has an upload with that name. The policy accepts
// the failure "no data", so the list is empty if there are no uploads.
func hasUpload(ctx context.Context, c *client.Client, name string) (bool, error) {
	type uploaded struct {
		Name string `json:"name"`
	}
	list, err := client.Do[struct{ Data []uploaded }](ctx, c, client.Call{
		Path:    "/v4.1/file/transactional.json",
		Options: client.CallOptions{Op: "files.lookup"},
	})
	return slices.Contains(list.Data, uploaded{name}), err
}
