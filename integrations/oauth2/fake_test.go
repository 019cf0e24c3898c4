package retrywiseoauth2_test

import (
	"context"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	retrywiseoauth2 "github.com/retrywise/retrywise/integrations/oauth2"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/retrywisetest/fake"
	"github.com/retrywise/retrywise/vendors"
)

// A fake of a vendor issues the tokens that it takes, whichever the flow and the token endpoint are.
func TestFakeIssuesTokens(t *testing.T) {
	for name, values := range map[string]map[string]string{
		vendors.HubSpot: nil, vendors.RDStation: nil, vendors.Jira: nil, vendors.Klaviyo: nil, vendors.Playable: nil, vendors.GitHub: nil,
		vendors.Zendesk: {"subdomain": "acme"}, vendors.Shopify: {"shop": "acme"}, vendors.MicrosoftGraph: {"tenant": "acme"},
		vendors.Salesforce: {"my_domain": "acme"}, vendors.CustomerGauge: {"region": "eu"},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) { fakeIssuesTokens(t, name, values) })
		})
	}
}

func fakeIssuesTokens(t *testing.T, name string, values map[string]string) {
	vendor, err := vendors.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	api := fake.New(t, vendor, fake.Options{TokenLifetime: time.Hour})
	auth, err := retrywiseoauth2.RefreshToken(retrywiseoauth2.Config{
		Vendor: vendor, Values: values, ClientID: "id", ClientSecret: "secret", Transport: api.Transport(),
		Store: retrywiseoauth2.Keep(client.Token{Refresh: "first"}, func(context.Context, client.Token) error { return nil }),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = auth.Close() }()
	c, err := client.New(client.Config{Vendor: vendor, Auth: auth, BaseURL: api.URL(), Transport: api.Transport()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 2 {
		if _, err := client.Do[struct{}](t.Context(), c, client.Call{Path: "/x"}); err != nil {
			t.Error(err)
		}
		time.Sleep(3 * time.Hour)
	}
	if n := api.Renewals(); n != 2 {
		t.Errorf("%d tokens; want 2", n)
	}
}
