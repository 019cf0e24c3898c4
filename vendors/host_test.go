package vendors_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/vendors"
)

func TestVendorURL(t *testing.T) {
	v := parsed(t, `
base_url: "https://{subdomain}.shop.test"
hosts:
  - {name: login, url: "https://login.shop.test"}
  - {name: region, url: "https://{region}.{cloud}.test:8443/"}
  - {name: files, url: "https://files.shop.test", credential: true}
`)
	for name, tt := range map[string]struct {
		host      string
		values    map[string]string
		want, err string
	}{
		"the base URL":     {"", map[string]string{"subdomain": "acme"}, "https://acme.shop.test", ""},
		"a fixed host":     {"login", nil, "https://login.shop.test", ""},
		"two values":       {"region", map[string]string{"region": "eu-1", "cloud": "a.b"}, "https://eu-1.a.b.test:8443/", ""},
		"no value":         {"", nil, "", `https://{subdomain}.shop.test: missing "subdomain"`},
		"another value":    {"", map[string]string{"subdomain": "a", "subdomian": "b"}, "", `it has no "subdomian"; did you mean "subdomain"?`},
		"no part of one":   {"", map[string]string{"subdomain": "evil.test/"}, "", "subdomain: expected a part of a host, such as acme"},
		"userinfo":         {"", map[string]string{"subdomain": "a@evil"}, "", "expected a part of a host"},
		"an unknown host":  {"logins", nil, "", `shop has no host "logins"; did you mean "login"?`},
		"what has no host": {"login", map[string]string{"subdomain": "a"}, "", `it has no "subdomain"`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := v.URL(tt.host, tt.values)
			if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q, %v; want %q, %q", got, err, tt.want, tt.err)
			}
		})
	}
	if diff := cmp.Diff([]string{"https://files.shop.test"}, v.Profile().Origins); diff != "" {
		t.Errorf("origins mismatch (-want +got):\n%s", diff)
	}
	if _, err := parsed(t, "").URL("", nil); err == nil || !strings.Contains(err.Error(), "shop has no base URL, as each account has its own") {
		t.Error(err)
	}
}

func TestByHost(t *testing.T) {
	for host, want := range map[string]string{
		"api.hubapi.com": "hubspot", "acme.my.salesforce.com": "salesforce", "login.salesforce.com": "salesforce",
		"files.stripe.com": "stripe", "demo.myshopify.com": "shopify", "my.salesforce.com": "",
		"api.rd.services": "rdstation", "API.RD.services:443": "rdstation", "rd.services.evil.test": "", "": "",
		"sheets.googleapis.com": "google", "oauth2.googleapis.com": "google", "a.klaviyo.com": "klaviyo", "us6.api.mailchimp.com": "mailchimp",
		"graph.microsoft.com": "microsoft_graph", "contoso.crm4.dynamics.com": "microsoft_graph", "dynamics.com": "",
	} {
		got := ""
		if v := vendors.ByHost(host); v != nil {
			got = v.Name()
		}
		if got != want {
			t.Errorf("%q belongs to %q; want %q", host, got, want)
		}
	}
}
