package client_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A request to a further origin gets the credential and the key, in the vendor's words and
// within its limits; one to any other host of the same domain is without the credential.
func TestOrigins(t *testing.T) {
	for name, tt := range map[string]struct {
		url   string
		auth  string
		class apierrors.Class
	}{
		"the base URL's": {"http://api.vendor.test/v1/items", "Bearer token", apierrors.Validation},
		"a further one":  {"http://uploads.store.test:8080/f", "Bearer token", apierrors.Validation},
		"another port":   {"http://uploads.store.test/f", "", apierrors.Validation},
		"its domain":     {"http://cdn.store.test/f", "", apierrors.Validation},
		"a foreign one":  {"http://storage.test/f", "", apierrors.Permission},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(403, "X-Code", "BAD"))
				c := newClient(t, srv, client.Config{
					Vendor: shop{shopPolicy(t)}, BaseURL: "http://api.vendor.test/v1", Origins: []string{"http://uploads.store.test:8080"},
					Auth: client.Bearer("token"),
				})
				_, err := sendRequest(t, c.Send, newRequest(t, http.MethodPost, tt.url, "x"))
				if e := failure(t, err); e.Class != tt.class {
					t.Errorf("class %v; want %v", e.Class, tt.class)
				}
				if got := srv.Requests()[0].Header.Get("Authorization"); got != tt.auth {
					t.Errorf("the server got the credential %q; want %q", got, tt.auth)
				}
			})
		})
	}
}

// The account of an API without a name is the same at all its origins.
func TestOriginsShareLimits(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200))
		p := policy.Default().WithLimit(policy.Limit{Name: "daily", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: 24 * time.Hour}})
		c, err := client.New(client.Config{
			BaseURL: "http://api.vendor.test", Origins: []string{"http://uploads.store.test"}, Policy: &p, Transport: srv.Transport(),
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
			t.Fatal(err)
		}
		_, err = send(t.Context(), t, c, "GET", "http://uploads.store.test/f", "")
		if e := failure(t, err); e.Rule != "limit daily" {
			t.Errorf("got %v, rule %q; want limit daily", err, e.Rule)
		}
	})
}

func TestNewRefusesOrigins(t *testing.T) {
	got := map[string]string{}
	want := map[string]string{
		"uploads.vendor.test":            "client: Origins: expected an absolute http or https URL",
		"https://uploads.vendor.test/v1": "client: Origins: uploads.vendor.test: expected no path",
		"https://u:p@uploads.test":       "client: Origins of uploads.test: expected no userinfo, query or fragment; use Auth for a credential",
		"https://API.vendor.test:443/":   "client: Origins: API.vendor.test:443 is there already, or is that of the base URL",
	}
	for origin := range want {
		_, err := client.New(client.Config{BaseURL: "https://api.vendor.test/v1", Origins: []string{origin}})
		if err == nil {
			t.Fatalf("%s: no error", origin)
		}
		got[origin] = err.Error()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	if _, err := client.New(client.Config{Origins: []string{"https://uploads.vendor.test"}}); err == nil {
		t.Error("without a base URL: no error")
	}
}

// An openShop has a host for each account.
type openShop struct{ shop }

func (openShop) Profile() policy.Profile {
	return policy.Profile{Name: "shop", BaseURL: "https://{account}.shop.test"}
}

// The base URL of a vendor may have a part that each account has of its own. Then absolute URLs can
// be used without one, and a credential cannot.
func TestNewOfAVendorWhoseAccountsHaveHosts(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*client.Config)
		want   string
	}{
		"absolute URLs": {func(*client.Config) {}, ""},
		"a base URL":    {func(c *client.Config) { c.BaseURL, c.Auth = "https://acme.shop.test", client.Bearer("token") }, ""},
		"a credential":  {func(c *client.Config) { c.Auth = client.Bearer("token") }, "each account has its own of the form https://{account}.shop.test; vendors.Vendor.URL fills it in"},
		"more origins":  {func(c *client.Config) { c.Origins = []string{"https://files.shop.test"} }, "each account has its own"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := client.Config{Vendor: openShop{}}
			tt.change(&cfg)
			c, err := client.New(cfg)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v; want %q", err, tt.want)
			}
			if c != nil {
				c.Close()
			}
		})
	}
}
