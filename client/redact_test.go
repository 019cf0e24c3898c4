package client_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// ownAuth is an Auth whose header does not look like one of a credential.
type ownAuth struct{}

func (ownAuth) Apply(_ context.Context, r *http.Request) (string, error) {
	r.Header.Set("X-Pass-Through", canary)
	return "", nil
}

func (ownAuth) Refresh(context.Context, string) error { return client.ErrNotRenewable }

// refusal returns the text of the error for a request that is refused with code, which is
// the response's request id, too.
func refusal(t *testing.T, auth client.Auth, code string, change func(*http.Request)) (text string) {
	t.Helper()
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(400, "X-Code", code, "X-Request-Id", code))
		c := newClient(t, srv, client.Config{Auth: auth})
		req := newRequest(t, http.MethodPost, srv.URL()+"/items", "x")
		change(req)
		_, err := sendRequest(t, c.Send, req)
		text = failure(t, err).Error()
	})
	return text
}

// A credential that the vendor repeats as its code is not printed, wherever it was in the
// request.
func TestRedactCredentialsFromErrors(t *testing.T) {
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, tt := range map[string]struct {
		auth   client.Auth
		change func(*http.Request)
	}{
		"bearer token":         {nil, set("Authorization", "Bearer "+canary)},
		"token with a name":    {nil, set("Authorization", "Token token="+canary)},
		"basic authentication": {nil, func(r *http.Request) { r.SetBasicAuth("u", canary) }},
		"proxy authentication": {nil, set("Proxy-Authorization", "Basic "+canary)},
		"cookie":               {nil, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "id", Value: canary, Quoted: true}) }},
		"API key":              {nil, set("X-Api-Key", canary)},
		"header in lower case": {nil, func(r *http.Request) { r.Header["x-auth-token"] = []string{canary} }},
		"user of the URL":      {nil, func(r *http.Request) { r.URL.User = url.User(canary) }},
		"password of the URL":  {nil, func(r *http.Request) { r.URL.User = url.UserPassword("u", canary) }},
		"?sig=":                {nil, func(r *http.Request) { r.URL.RawQuery = "sig=" + canary }},
		"?accessToken=":        {nil, func(r *http.Request) { r.URL.RawQuery = "accessToken=" + canary }},
		"?api_key=":            {nil, func(r *http.Request) { r.URL.RawQuery = "api_key=" + canary }},
		"own Auth":             {ownAuth{}, func(*http.Request) {}},
		"APIKey":               {client.APIKey("X-Whatever", "key "+canary), func(*http.Request) {}},
	} {
		t.Run(name, func(t *testing.T) {
			if text := refusal(t, tt.auth, canary, tt.change); strings.Contains(text, canary) {
				t.Errorf("the error prints the credential: %s", text)
			}
		})
	}
}

// A code that is not a credential is printed. One that is decides as any other.
func TestRedactKeepsOtherCodes(t *testing.T) {
	for _, query := range []string{"author=NOT_UNIQUE", "keyword=NOT_UNIQUE", "sort_key=NOT_UNIQUE", "q=NOT_UNIQUE", "key=short"} {
		text := refusal(t, nil, "NOT_UNIQUE", func(r *http.Request) { r.URL.RawQuery = query })
		if !strings.Contains(text, "NOT_UNIQUE") {
			t.Errorf("?%s: the error is %s; want the code NOT_UNIQUE in it", query, text)
		}
	}
	text := refusal(t, client.Bearer("GONE-GONE"), "GONE", func(r *http.Request) { r.Header.Set("X-Api-Key", "GONE") })
	if !strings.Contains(text, "not_found") {
		t.Errorf("the error is %s; want the class not_found in it", text)
	}
}

// A code and a request id that contain a credential of the request are removed; a text of
// less than eight characters is not taken for one.
func TestRedactCodeAndRequestID(t *testing.T) {
	const secret = "12345678"
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	query := func(name string) func(*http.Request) {
		return func(r *http.Request) { r.URL.RawQuery = name + "=" + secret }
	}
	for name, tt := range map[string]struct {
		put      func(*http.Request)
		response string // the vendor's code and request id
		want     string // the error's
	}{
		"?API_KEY=":           {query("API_KEY"), secret, ""},
		"?accessToken=":       {query("accessToken"), secret, ""},
		"?client_secret=":     {query("client_secret"), secret, ""},
		"?password=":          {query("password"), secret, ""},
		"?X-Amz-Signature=":   {query("X-Amz-Signature"), secret, ""},
		"?clientSecret=":      {query("clientSecret"), secret, ""},
		"?page=":              {query("page"), secret, secret},
		"password of the URL": {func(r *http.Request) { r.URL.User = url.UserPassword("u", secret) }, secret, ""},
		"bearer token":        {header("Authorization", "Bearer "+secret), secret, ""},
		"X-Api-Key":           {header("X-Api-Key", secret), secret, ""},
		"cookie":              {header("Cookie", secret), secret, ""},
		"part of the code":    {header("X-Api-Key", secret), "E." + secret, ""},
		"seven characters":    {header("X-Api-Key", secret[:7]), secret[:7], secret[:7]},
		"Auth":                {func(*http.Request) {}, "0wn-cr3dential", ""},
		"idempotency key":     {func(*http.Request) {}, "1dempotent", ""},
		"X-Trace":             {header("X-Trace", secret), secret, secret},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(422, "X-Code", tt.response, "X-Request-Id", tt.response))
				c := newClient(t, srv, client.Config{Auth: client.APIKey("X-Shop-Key", "0wn-cr3dential")})
				req := newRequest(t, "PUT", srv.URL()+"/items/7", "x")
				tt.put(req)
				req = client.With(req, client.CallOptions{IdempotencyKey: "1dempotent"})
				_, err := sendRequest(t, c.Send, req)
				if e := failure(t, err); e.Code != tt.want || e.RequestID != tt.want {
					t.Errorf("code %q, request id %q; want %q for both", e.Code, e.RequestID, tt.want)
				}
			})
		})
	}
}

// The words of a User-Agent are not taken for a credential.
func TestRedactKeepsWordsOfTheUserAgent(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(422, "X-Code", "customers", "X-Request-Id", "acme-orders-9000-1"))
		c := newClient(t, srv, client.Config{UserAgent: "acme-orders-9000 (importer) customers"})
		_, err := send(t.Context(), t, c, "POST", "/items", "x")
		if e := failure(t, err); e.Code != "customers" || e.RequestID != "acme-orders-9000-1" {
			t.Errorf("code %q, request id %q; want customers, acme-orders-9000-1", e.Code, e.RequestID)
		}
	})
}
