package orders

import (
	"net/http"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/retrywisetest/fake"
	"github.com/retrywise/retrywise/vendors"
)

var tea = Order{ID: "A-1", Item: "tea"}

// newShop returns a fake of the shop, and a client of it. The ledger has orders by their keys.
func newShop(t *testing.T, o fake.Options, config client.Config) (*fake.Server, *client.Client) {
	t.Helper()
	vendor, err := vendors.Parse(shopFile)
	if err != nil {
		t.Fatal(err)
	}
	o.Key = func(r *http.Request, _ []byte) string { return r.Header.Get("X-Order-Key") }
	api := fake.New(t, vendor, o) // the fake
	config.BaseURL, config.Transport, config.Auth = api.URL(), api.Transport(), client.RenewableBearer("", api.Token)
	c, err := NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return api, c
}

// The shop asks for a pause of six hours: the order is delivered after it, once.
func TestDeliverAgainAfterSixHours(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		api, c := newShop(t, fake.Options{}, client.Config{})
		api.Throttle(6 * time.Hour)
		step := Deliver(t.Context(), c, tea)
		if step.Next != jobs.RunAgain || step.Delay < 6*time.Hour {
			t.Fatalf("%s in %v, %v; want run_again in 6h", step.Next, step.Delay, step.Err)
		}
		time.Sleep(step.Delay) // takes no time
		if step = Deliver(t.Context(), c, tea); step.Next != jobs.Done {
			t.Errorf("%s, %v; want done", step.Next, step.Err)
		}
		retrywisetest.AppliedOnce(t, api.Ledger(), tea.ID)
	})
}
