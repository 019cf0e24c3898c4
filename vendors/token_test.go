package vendors_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/vendors"
)

// The token endpoint has all that the file says, and the values in place of names in braces.
func TestTokenEndpoint(t *testing.T) {
	const url = `token: {url: "https://login.shop.test/{tenant}/token"`
	values := map[string]string{"tenant": "acme"}
	for name, tt := range map[string]struct {
		file   string
		values map[string]string
		want   vendors.TokenEndpoint
		err    string
	}{
		"all keys": {
			url + `, in_body: true, lifetime: 1h, no_expires_in: true, rotates: true, scope_separator: ",", json: true, header: x-shop-token}`, values,
			vendors.TokenEndpoint{
				URL: "https://login.shop.test/acme/token", InBody: true, Lifetime: time.Hour, NoExpiresIn: true,
				Rotates: new(true), ScopeSeparator: ",", JSON: true, Header: "X-Shop-Token",
			}, "",
		},
		"the URL alone":      {url + "}", values, vendors.TokenEndpoint{URL: "https://login.shop.test/acme/token", ScopeSeparator: " "}, ""},
		"a token that stays": {url + ", rotates: false}", values, vendors.TokenEndpoint{URL: "https://login.shop.test/acme/token", Rotates: new(false), ScopeSeparator: " "}, ""},
		"no value":           {url + "}", nil, vendors.TokenEndpoint{}, `missing "tenant"`},
		"a path as a value":  {url + "}", map[string]string{"tenant": "../x"}, vendors.TokenEndpoint{}, "expected a part of a host"},
		"no endpoint":        {"", nil, vendors.TokenEndpoint{}, "the file of shop has no token endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parsed(t, tt.file).TokenEndpoint(tt.values)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v; want %q", err, tt.err)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// A caller cannot change what another one sees.
func TestTokenEndpointIsACopy(t *testing.T) {
	v := parsed(t, `token: {url: "https://shop.test/token", rotates: true}`)
	got, err := v.TokenEndpoint(nil)
	if err != nil {
		t.Fatal(err)
	}
	*got.Rotates = false
	if again, _ := v.TokenEndpoint(nil); !*again.Rotates {
		t.Error("a caller changed the endpoint")
	}
}

func TestTokenEndpointProblems(t *testing.T) {
	for text, want := range map[string]string{
		`{url: /token}`:                           `vendor file:4:8: token url "/token": expected an absolute URL`,
		`{url: "{scheme}://shop.test"}`:           "expected no braces in the scheme",
		`{url: "https://shop.test/{Tenant}"}`:     "expected a name of lower-case letters",
		`{in_body: true}`:                         `missing key "url"`,
		`{url: "https://shop.test", lifetim: 1h}`: `did you mean "lifetime"?`,
	} {
		if _, err := vendors.Parse([]byte(head + "token: " + text + "\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
	}
}

// The token endpoints of the catalog, as their documents have them.
func TestTokenEndpointsOfTheCatalog(t *testing.T) {
	values := map[string]map[string]string{
		vendors.CustomerGauge: {"region": "eu"}, vendors.MicrosoftGraph: {"tenant": "organizations"}, vendors.Salesforce: {"my_domain": "acme"},
		vendors.Shopify: {"shop": "acme"}, vendors.Zendesk: {"subdomain": "acme"},
	}
	const body, space, comma = true, " ", ","
	want := map[string]vendors.TokenEndpoint{
		vendors.CustomerGauge:  {URL: "https://auth.eu.customergauge.com/oauth2/token", InBody: body, Lifetime: time.Hour, ScopeSeparator: space},
		vendors.GitHub:         {URL: "https://github.com/login/oauth/access_token", InBody: body, Lifetime: 8 * time.Hour, Rotates: new(true), ScopeSeparator: space},
		vendors.Google:         {URL: "https://oauth2.googleapis.com/token", InBody: body, ScopeSeparator: space},
		vendors.HubSpot:        {URL: "https://api.hubapi.com/oauth/2026-03/token", InBody: body, Lifetime: 30 * time.Minute, ScopeSeparator: space},
		vendors.Jira:           {URL: "https://auth.atlassian.com/oauth/token", InBody: body, Lifetime: time.Hour, Rotates: new(true), ScopeSeparator: space},
		vendors.Klaviyo:        {URL: "https://a.klaviyo.com/oauth/token", Lifetime: time.Hour, ScopeSeparator: space},
		vendors.Mailchimp:      {URL: "https://login.mailchimp.com/oauth2/token", InBody: body, NoExpiresIn: true, ScopeSeparator: space},
		vendors.MicrosoftGraph: {URL: "https://login.microsoftonline.com/organizations/oauth2/v2.0/token", InBody: body, Rotates: new(true), ScopeSeparator: space},
		vendors.Playable:       {URL: "https://api.playable.com/oauth/token", InBody: body, JSON: true, Lifetime: time.Hour, ScopeSeparator: space},
		vendors.RDStation:      {URL: "https://api.rd.services/auth/token", InBody: body, JSON: true, Lifetime: 24 * time.Hour, Rotates: new(false), ScopeSeparator: space},
		vendors.Salesforce:     {URL: "https://acme.my.salesforce.com/services/oauth2/token", InBody: body, NoExpiresIn: true, ScopeSeparator: space},
		vendors.Shopify:        {URL: "https://acme.myshopify.com/admin/oauth/access_token", InBody: body, Lifetime: time.Hour, Rotates: new(true), ScopeSeparator: comma, Header: "X-Shopify-Access-Token"},
		vendors.Slack:          {URL: "https://slack.com/api/oauth.v2.access", Lifetime: 12 * time.Hour, Rotates: new(true), ScopeSeparator: comma},
		vendors.Zendesk:        {URL: "https://acme.zendesk.com/oauth/tokens", InBody: body, Rotates: new(true), ScopeSeparator: space},
	}
	got := map[string]vendors.TokenEndpoint{}
	for _, name := range vendors.Names() {
		if e, err := lookup(t, name).TokenEndpoint(values[name]); err == nil {
			got[name] = e
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("endpoints (-want +got):\n%s", diff)
	}
}
