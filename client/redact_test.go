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

// ownAuth is an Auth of the caller's, under a name that nobody knows.
type ownAuth struct{}

func (ownAuth) Apply(_ context.Context, r *http.Request) (string, error) {
	r.Header.Set("X-Pass-Through", canary)
	return "", nil
}

func (ownAuth) Refresh(context.Context, string) error { return client.ErrNotRenewable }

// refusal is the error for a request whose answer says the code back.
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

// A credential that comes back where a code is expected is not printed, wherever it was.
func TestRedactCredentialsFromErrors(t *testing.T) {
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, tt := range map[string]struct {
		auth   client.Auth
		change func(*http.Request)
	}{
		"a bearer token":          {nil, set("Authorization", "Bearer "+canary)},
		"a token with a name":     {nil, set("Authorization", "Token token="+canary)},
		"basic authentication":    {nil, func(r *http.Request) { r.SetBasicAuth("u", canary) }},
		"for a proxy":             {nil, set("Proxy-Authorization", "Basic "+canary)},
		"a cookie":                {nil, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "id", Value: canary, Quoted: true}) }},
		"an API key":              {nil, set("X-Api-Key", canary)},
		"a raw header":            {nil, func(r *http.Request) { r.Header["x-auth-token"] = []string{canary} }},
		"the user of the URL":     {nil, func(r *http.Request) { r.URL.User = url.User(canary) }},
		"its password":            {nil, func(r *http.Request) { r.URL.User = url.UserPassword("u", canary) }},
		"a signature in the URL":  {nil, func(r *http.Request) { r.URL.RawQuery = "sig=" + canary }},
		"in one word":             {nil, func(r *http.Request) { r.URL.RawQuery = "accessToken=" + canary }},
		"a key in the URL":        {nil, func(r *http.Request) { r.URL.RawQuery = "api_key=" + canary }},
		"an Auth of the caller's": {ownAuth{}, func(*http.Request) {}},
		"the client's key":        {client.APIKey("X-Whatever", "key "+canary), func(*http.Request) {}},
	} {
		t.Run(name, func(t *testing.T) {
			if text := refusal(t, tt.auth, canary, tt.change); strings.Contains(text, canary) {
				t.Error(text)
			}
		})
	}
}

// What only looks like a credential is printed, and what is one changes no decision.
func TestRedactKeepsOtherCodes(t *testing.T) {
	for _, query := range []string{"author=NOT_UNIQUE", "keyword=NOT_UNIQUE", "sort_key=NOT_UNIQUE", "q=NOT_UNIQUE", "key=short"} {
		text := refusal(t, nil, "NOT_UNIQUE", func(r *http.Request) { r.URL.RawQuery = query })
		if !strings.Contains(text, "NOT_UNIQUE") {
			t.Errorf("%s: the code is lost: %s", query, text)
		}
	}
	text := refusal(t, client.Bearer("GONE-GONE"), "GONE", func(r *http.Request) { r.Header.Set("X-Api-Key", "GONE") })
	if !strings.Contains(text, "not_found") {
		t.Errorf("the class is lost: %s", text)
	}
}

// A credential that the vendor says back as a code is none, wherever it was on the
// request; what is too short to be one stays.
func TestRedactCodeAndRequestID(t *testing.T) {
	const secret = "12345678"
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	query := func(name string) func(*http.Request) {
		return func(r *http.Request) { r.URL.RawQuery = name + "=" + secret }
	}
	for name, tt := range map[string]struct {
		put  func(*http.Request)
		says string
		code string
	}{
		"a key in the query":       {query("API_KEY"), secret, ""},
		"a token in the query":     {query("accessToken"), secret, ""},
		"a secret in the query":    {query("client_secret"), secret, ""},
		"a password in the query":  {query("password"), secret, ""},
		"a signature":              {query("X-Amz-Signature"), secret, ""},
		"a secret in two words":    {query("clientSecret"), secret, ""},
		"what is no credential":    {query("page"), secret, secret},
		"a password":               {func(r *http.Request) { r.URL.User = url.UserPassword("u", secret) }, secret, ""},
		"a bearer token":           {header("Authorization", "Bearer "+secret), secret, ""},
		"a key":                    {header("X-Api-Key", secret), secret, ""},
		"a cookie":                 {header("Cookie", secret), secret, ""},
		"inside of a word":         {header("X-Api-Key", secret), "E." + secret, ""},
		"seven characters":         {header("X-Api-Key", secret[:7]), secret[:7], secret[:7]},
		"the client's own":         {func(*http.Request) {}, "0wn-cr3dential", ""},
		"the idempotency key":      {func(*http.Request) {}, "1dempotent", ""},
		"another header than ours": {header("X-Trace", secret), secret, secret},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(422, "X-Code", tt.says, "X-Request-Id", tt.says))
				c := newClient(t, srv, client.Config{Auth: client.APIKey("X-Shop-Key", "0wn-cr3dential")})
				req := newRequest(t, "PUT", srv.URL()+"/items/7", "x")
				tt.put(req)
				req = client.With(req, client.CallOptions{IdempotencyKey: "1dempotent"})
				_, err := sendRequest(t, c.Send, req)
				if e := failure(t, err); e.Code != tt.code || e.RequestID != tt.code {
					t.Errorf("code %q, request id %q; want %q", e.Code, e.RequestID, tt.code)
				}
			})
		})
	}
}
