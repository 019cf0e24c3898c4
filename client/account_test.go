package client_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A 429 pauses the requests of one account only, wherever the credential is by which
// accounts differ.
func TestAccountHasItsOwnGate(t *testing.T) {
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
		as     func(r *http.Request, tenant string) *http.Request
		differ bool // the two tenants are two accounts
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
		"page token":    {query("page_token"), false},
		"sort key":      {query("sort_key"), false},
		"signature":     {header("X-Signature"), false},
		"CSRF token":    {header("X-Csrf-Token"), false},
		"trace headers": {header("X-Trace"), false},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.Status(429, "Retry-After", "3600"))
				c := newClient(t, srv, client.Config{})
				for _, tenant := range []string{"tenant-a", "tenant-b", "tenant-a", "tenant-b"} {
					_, _ = sendRequest(t, c.Send, tt.as(newRequest(t, "GET", srv.URL()+"/items", ""), tenant))
				}
				want := 1
				if tt.differ {
					want = 2
				}
				if got := len(srv.Requests()); got != want {
					t.Errorf("4 calls of two tenants made %d requests; want %d", got, want)
				}
			})
		})
	}
}

// CallOptions.Account takes precedence over the credential, which differs in each request.
func TestAccountOfSignedRequests(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(429, "Retry-After", "3600"))
		c := newClient(t, srv, client.Config{})
		for _, signature := range []string{"AWS4-HMAC-SHA256 1", "AWS4-HMAC-SHA256 2"} {
			req := newRequest(t, "GET", srv.URL()+"/items", "", "Authorization", signature)
			_, _ = sendRequest(t, c.Send, client.With(req, client.CallOptions{Account: "123456789012"}))
		}
		if got := len(srv.Requests()); got != 1 {
			t.Errorf("2 calls of one account made %d requests; want 1", got)
		}
	})
}

// The user in the URL identifies the account.
func TestAccountOfUserinfo(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "3600"), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		_, _ = send(t.Context(), t, c, "GET", "http://a:1@vendor.test/items", "")
		if _, err := send(t.Context(), t, c, "GET", "http://b:2@vendor.test/items", ""); err != nil {
			t.Errorf("after a 429 for another user: %v", err)
		}
	})
}

// Cookies of load balancers change with each response, and do not identify the account.
func TestAccountIgnoresRotatingCookies(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(429, "Retry-After", "3600"))
		c := newClient(t, srv, client.Config{})
		for i, cookie := range []string{"sid=a; AWSALB=1; AWSALBCORS=1", "sid=a; AWSALB=2; __cf_bm=3", "sid=a", "sid=b; AWSALB=3"} {
			_, _ = sendRequest(t, c.Send, newRequest(t, "GET", srv.URL()+"/items", "", "Cookie", cookie))
			if got, want := len(srv.Requests()), 1+i/3; got != want {
				t.Errorf("after cookie %d: %d requests; want %d", i+1, got, want)
			}
		}
	})
}

// Each account has its own retry budget.
func TestAccountHasItsOwnBudget(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(503))
		c := newClient(t, srv, client.Config{})
		for _, tenant := range []string{"a", "b"} {
			before := len(srv.Requests())
			for range 20 {
				req := newRequest(t, "GET", srv.URL()+"/items", "", "X-Shopify-Access-Token", tenant)
				_, _ = sendRequest(t, c.Send, req)
			}
			if got := len(srv.Requests()) - before; got != 30 {
				t.Errorf("tenant %s: 20 calls made %d requests; want 30", tenant, got)
			}
		}
	})
}
