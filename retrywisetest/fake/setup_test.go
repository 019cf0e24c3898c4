package fake_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest/fake"
	"github.com/retrywise/retrywise/vendors"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func lookup(t *testing.T, name string) *vendors.Vendor {
	t.Helper()
	v, err := vendors.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// parsed returns the vendor of a file that begins with vendor, title and documents.
func parsed(t *testing.T, file string) *vendors.Vendor {
	t.Helper()
	v, err := vendors.Parse([]byte("vendor: shop\ntitle: Shop\ndocuments: [{url: \"https://shop.example/docs\", read: 2026-11-26}]\n" + file))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// newClient returns a client of a fake.
func newClient(t *testing.T, v *vendors.Vendor, api *fake.Server, cfg client.Config) *client.Client {
	t.Helper()
	cfg.Vendor, cfg.BaseURL, cfg.Transport = v, api.URL(), api.Transport()
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// call makes a call, and returns its error.
func call(ctx context.Context, c *client.Client, what client.Call) error {
	_, err := client.Do[struct{}](ctx, c, what)
	return err
}

// failure returns the *apierrors.Error that err is.
func failure(t *testing.T, err error) *apierrors.Error {
	t.Helper()
	e, ok := errors.AsType[*apierrors.Error](err)
	if !ok {
		t.Fatalf("%v; want an *apierrors.Error", err)
	}
	return e
}

// withLimits returns a vendor's policy with changed limits that are in force.
func withLimits(v *vendors.Vendor, change func(*policy.Limit), names ...string) *policy.Policy {
	p := v.Policy()
	for _, name := range names {
		l, _ := p.LimitNamed(name)
		l.Off = false
		change(&l)
		p = p.WithLimit(l)
	}
	return &p
}

// once is for calls that make one request and do not wait.
var once = client.CallOptions{MaxAttempts: 1, MaxWait: new(time.Duration)}
