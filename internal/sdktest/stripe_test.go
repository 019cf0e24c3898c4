package sdktest

import (
	"context"
	"net/http"
	"testing"

	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/stripe/stripe-go/v85"
)

func newStripe(_ *testing.T, hc *http.Client, url string, retries bool) sdk {
	maxRetries := int64(0)
	if retries {
		maxRetries = stripe.DefaultMaxNetworkRetries
	}
	c := stripe.NewClient("sk_test", stripe.WithBackends(stripe.NewBackendsWithConfig(&stripe.BackendConfig{
		HTTPClient: hc, URL: stripe.String(url), MaxNetworkRetries: &maxRetries, LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	})))
	return sdk{
		read: func(ctx context.Context) error {
			_, err := c.V1Customers.Retrieve(ctx, "cus_1", nil)
			return err
		},
		write: func(ctx context.Context) error {
			_, err := c.V1Customers.Create(ctx, &stripe.CustomerCreateParams{Email: stripe.String("ana@example.com")})
			return err
		},
		isOwn: isA[*stripe.Error],
	}
}

var customer = retrywisetest.JSON(200, `{"id":"cus_1","object":"customer"}`)

func TestStripeLeavesRetriesToTheClient(t *testing.T) {
	testLeftToTheClient(t, newStripe, policy.Default(), usualRows(customer))
}

// Each POST of stripe-go has an Idempotency-Key, which Stripe honours at every endpoint. A
// policy that says so has the POST retried with the same key.
func TestStripeWithRepeatablePosts(t *testing.T) {
	p, err := policy.New(policy.Settings{Endpoints: []policy.Endpoint{{Methods: []string{"POST"}, Repeatable: true}}})
	if err != nil {
		t.Fatal(err)
	}
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, down, retrywisetest.Reset(), customer)
		if err := newStripe(t, newClient(t, srv, p).HTTP(), srv.URL(), false).write(t.Context()); err != nil {
			t.Error(err)
		}
		keys := map[string]bool{}
		for _, r := range srv.Requests() {
			keys[r.Header.Get("Idempotency-Key")] = true
		}
		if len(keys) != 1 || keys[""] {
			t.Errorf("keys %v; want one, the same each time", keys)
		}
	})
}

// stripe-go does not retry a response that has an error of Stripe's, whatever its status.
func TestStripeRetriesByItself(t *testing.T) {
	testLeftToTheSDK(t, newStripe, customer, counts{"503": 1, "503, then OK": 1, "429, then OK": 1, "reset": 3})
}
