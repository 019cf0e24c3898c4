package enginetest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// NewClient returns a client with these bounds, such as policy.ForJobs(), that calls the server at
// url. It ends with the test.
func NewClient(t *testing.T, url string, bounds policy.Retry) *client.Client {
	t.Helper()
	p := policy.Default().WithRetry(bounds)
	c, err := client.New(client.Config{BaseURL: url, Policy: &p})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Deliver makes a delivery. A PUT may be repeated, a POST may not.
func Deliver(ctx context.Context, c *client.Client, method, id string) error {
	_, err := client.Do[struct{}](ctx, c, client.Call{
		Method: method, Path: "/deliveries", Body: Delivery{id}, Options: client.CallOptions{Op: "deliver"},
	})
	return err
}

// IsThere looks up a delivery.
func IsThere(ctx context.Context, c *client.Client, id string) (bool, error) {
	_, err := client.Do[struct{}](ctx, c, client.Call{Path: "/deliveries/" + url.PathEscape(id), Options: client.CallOptions{Op: "look up"}})
	if errors.Is(err, apierrors.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// IDs returns n of them.
func IDs(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("P-%d", i))
	}
	return all
}
