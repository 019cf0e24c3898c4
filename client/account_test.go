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
		for _, jwt := range []string{"Bearer eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjF9.a", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjJ9.b"} {
			req := newRequest(t, "GET", srv.URL()+"/items", "", "Authorization", jwt)
			_, _ = sendRequest(t, c.Send, client.With(req, client.CallOptions{Account: "123456789012"}))
		}
		if got := len(srv.Requests()); got != 1 {
			t.Errorf("2 calls of one account made %d requests; want 1", got)
		}
	})
}

// A signature differs in each request, and the account behind it does not.
func TestAccountOfASignature(t *testing.T) {
	for name, tt := range map[string]struct{ first, same, other string }{
		"AWS Signature Version 4": {
			"AWS4-HMAC-SHA256 Credential=AKIDA/20261125/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=aa",
			"AWS4-HMAC-SHA256 Credential=AKIDA/20261126/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=bb",
			"AWS4-HMAC-SHA256 Credential=AKIDB/20261125/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=aa",
		},
		"OAuth 1.0": {
			`OAuth realm="x", oauth_consumer_key="c", oauth_token="a", oauth_nonce="1", oauth_timestamp="1", oauth_signature_method="HMAC-SHA1", oauth_signature="aa"`,
			`OAuth realm="x",oauth_consumer_key="c",oauth_token="a",oauth_nonce="2",oauth_timestamp="2",oauth_signature_method="HMAC-SHA1",oauth_signature="bb"`,
			`OAuth realm="x", oauth_consumer_key="c", oauth_token="b", oauth_nonce="1", oauth_timestamp="1", oauth_signature_method="HMAC-SHA1", oauth_signature="aa"`,
		},
		"Digest": {
			`Digest username="a", realm="r", nonce="1", uri="/x", response="aa", nc=00000001, cnonce="1"`,
			`Digest username="a", realm="r", nonce="2", uri="/y", response="bb", nc=00000002, cnonce="2"`,
			`Digest username="b", realm="r", nonce="1", uri="/x", response="aa", nc=00000001, cnonce="1"`,
		},
		"Hawk":            {`Hawk id="a", ts="1", nonce="1", mac="aa"`, `Hawk id="a", ts="2", nonce="2", mac="bb"`, `Hawk id="b", ts="1", nonce="1", mac="aa"`},
		"HTTP Signatures": {`Signature keyId="a",algorithm="hs2019",signature="aa"`, `Signature keyId="a",algorithm="hs2019",signature="bb"`, `Signature keyId="b",algorithm="hs2019",signature="aa"`},
		"with ampersands": {"HMAC-SHA256 Credential=a&SignedHeaders=date&Signature=aa", "HMAC-SHA256 Credential=a&SignedHeaders=date&Signature=bb", "HMAC-SHA256 Credential=b&SignedHeaders=date&Signature=aa"},
		"two tokens beside one name": {
			`Vendor username="shared", token="a"`, `Vendor username="shared", token="a"`, `Vendor username="shared", token="b"`,
		},
		"bearer tokens": {"Bearer abc==", "Bearer abc==", "Bearer abd=="},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.Status(429, "Retry-After", "3600"))
				c := newClient(t, srv, client.Config{})
				for i, credential := range []string{tt.first, tt.same, tt.other} {
					_, _ = sendRequest(t, c.Send, newRequest(t, "GET", srv.URL()+"/items", "", "Authorization", credential))
					if got, want := len(srv.Requests()), 1+i/2; got != want {
						t.Errorf("after %d calls: %d requests; want %d", i+1, got, want)
					}
				}
			})
		})
	}
}

// A presigned URL has its account in the query.
func TestAccountOfAPresignedURL(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(429, "Retry-After", "3600"))
		c := newClient(t, srv, client.Config{})
		for i, query := range []string{
			"X-Amz-Credential=AKIDA%2F20261125%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=aa",
			"X-Amz-Credential=AKIDA%2F20261126%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=bb",
			"X-Amz-Credential=AKIDB%2F20261125%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=aa",
		} {
			_, _ = sendRequest(t, c.Send, newRequest(t, "GET", srv.URL()+"/items?"+query, ""))
			if got, want := len(srv.Requests()), 1+i/2; got != want {
				t.Errorf("after %d calls: %d requests; want %d", i+1, got, want)
			}
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
		srv := retrywisetest.Handle(t, retrywisetest.Status(423))
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
