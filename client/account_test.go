package client_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A 429 of one account holds back its other requests, and no other account's, wherever
// the credential is that tells the two apart.
func TestAccountsHaveGatesOfTheirOwn(t *testing.T) {
	header := func(name string) func(*http.Request, string) *http.Request {
		return func(r *http.Request, tenant string) *http.Request {
			r.Header[name] = []string{tenant}
			return r
		}
	}
	query := func(name string) func(*http.Request, string) *http.Request {
		return func(r *http.Request, tenant string) *http.Request {
			r.URL.RawQuery = url.Values{name: {tenant}}.Encode()
			return r
		}
	}
	for name, tt := range map[string]struct {
		as    func(*http.Request, string) *http.Request
		apart bool
	}{
		"Authorization":          {header("Authorization"), true},
		"X-Api-Key":              {header("X-Api-Key"), true},
		"api-key, not canonical": {header("api-key"), true},
		"X-Shopify-Access-Token": {header("X-Shopify-Access-Token"), true},
		"PRIVATE-TOKEN":          {header("PRIVATE-TOKEN"), true},
		"X-Auth-Token":           {header("X-Auth-Token"), true},
		"Cookie":                 {header("Cookie"), true},
		"?access_token=":         {query("access_token"), true},
		"?apiKey=":               {query("apiKey"), true},
		"userinfo":               {func(r *http.Request, tenant string) *http.Request { r.URL.User = url.User(tenant); return r }, true},
		"CallOptions.Account": {func(r *http.Request, tenant string) *http.Request {
			return client.With(r, client.CallOptions{Account: tenant})
		}, true},
		"the next page":           {query("page_token"), false},
		"the sort key":            {query("sort_key"), false},
		"a signature":             {header("X-Signature"), false},
		"a guard against forgery": {header("X-Csrf-Token"), false},
		"a trace":                 {header("X-Trace"), false},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.Status(429, "Retry-After", "3600"))
				c := newClient(t, srv, client.Config{})
				for _, tenant := range []string{"tenant-a", "tenant-b", "tenant-a", "tenant-b"} {
					_, _ = c.Send(tt.as(newRequest(t, "GET", srv.URL()+"/items", ""), tenant)) //nolint:bodyclose // there is no answer beside an error
				}
				want := 1
				if tt.apart {
					want = 2
				}
				if got := len(srv.Requests()); got != want {
					t.Errorf("%d requests; want %d", got, want)
				}
			})
		})
	}
}

// An account that the caller names goes before the credential, which differs each time.
func TestAccountThatSignsEachRequest(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(429, "Retry-After", "3600"))
		c := newClient(t, srv, client.Config{})
		for _, signature := range []string{"AWS4-HMAC-SHA256 1", "AWS4-HMAC-SHA256 2"} {
			req := newRequest(t, "GET", srv.URL()+"/items", "", "Authorization", signature)
			_, _ = c.Send(client.With(req, client.CallOptions{Account: "123456789012"})) //nolint:bodyclose // there is no answer beside an error
		}
		if got := len(srv.Requests()); got != 1 {
			t.Errorf("%d requests; want 1", got)
		}
	})
}

// Cookies of load balancers change with each response, and say nothing about the account.
func TestAccountIgnoresRotatingCookies(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(429, "Retry-After", "3600"))
		c := newClient(t, srv, client.Config{})
		for i, cookie := range []string{"sid=a; AWSALB=1; AWSALBCORS=1", "sid=a; AWSALB=2; __cf_bm=3", "sid=a", "sid=b; AWSALB=3"} {
			_, _ = c.Send(newRequest(t, "GET", srv.URL()+"/items", "", "Cookie", cookie)) //nolint:bodyclose // there is no response beside an error
			if got, want := len(srv.Requests()), 1+i/3; got != want {
				t.Errorf("after cookie %d: %d requests; want %d", i+1, got, want)
			}
		}
	})
}

// The retry budget is kept for each account, too.
func TestAccountsHaveBudgetsOfTheirOwn(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(503))
		c := newClient(t, srv, client.Config{})
		for _, tenant := range []string{"a", "b"} {
			before := len(srv.Requests())
			for range 20 {
				req := newRequest(t, "GET", srv.URL()+"/items", "", "X-Shopify-Access-Token", tenant)
				_, _ = c.Send(req) //nolint:bodyclose // there is no answer beside an error
			}
			if got := len(srv.Requests()) - before; got != 30 {
				t.Errorf("tenant %s: 20 calls made %d requests; want 30", tenant, got)
			}
		}
	})
}
