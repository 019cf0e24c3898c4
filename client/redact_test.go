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

// A code and a request id that repeat what went out with the request are removed. A word of
// the API is not taken for such a value unless it is a credential, nor is a short value that
// is a part of a longer one.
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
		"?API_KEY=":            {query("API_KEY"), secret, ""},
		"?accessToken=":        {query("accessToken"), secret, ""},
		"?client_secret=":      {query("client_secret"), secret, ""},
		"?password=":           {query("password"), secret, ""},
		"?X-Amz-Signature=":    {query("X-Amz-Signature"), secret, ""},
		"?clientSecret=":       {query("clientSecret"), secret, ""},
		"?after=":              {query("after"), secret, ""},
		"?page=":               {query("page"), "12", "12"},
		"?status=":             {func(r *http.Request) { r.URL.RawQuery = "status=NOT_SHIPPED&limit=1000" }, "NOT_SHIPPED-1000", "NOT_SHIPPED-1000"},
		"?hapikey=":            {func(r *http.Request) { r.URL.RawQuery = "hapikey=ab-cd-12" }, "ab-cd-12", ""},
		"X-RapidAPI-Key":       {header("X-Rapidapi-Key", secret), "key " + secret, ""},
		"X-Functions-Key":      {header("X-Functions-Key", "k-12"), "K-12", ""},
		"an e-mail address":    {func(r *http.Request) { r.URL.Path = "/items/jane%doe@b.c" }, "items/jane%doe@b.c", ""},
		"one in its URL form":  {func(r *http.Request) { r.URL.Path = "/items/jane doe+1" }, "jane%20doe+1", ""},
		"a number in a path":   {func(*http.Request) {}, "items/4711/size", ""},
		"within a number":      {func(*http.Request) {}, "E_4711", "E_4711"},
		"a word of the path":   {func(*http.Request) {}, "line-items", "line-items"},
		"record key":           {func(*http.Request) {}, "contact jane", ""},
		"account":              {func(*http.Request) {}, "tenant ACME.", ""},
		"password of the URL":  {func(r *http.Request) { r.URL.User = url.UserPassword("u", secret) }, secret, ""},
		"bearer token":         {header("Authorization", "Bearer "+secret), secret, ""},
		"X-Api-Key":            {header("X-Api-Key", secret), secret, ""},
		"cookie":               {header("Cookie", secret), secret, ""},
		"part of the code":     {header("X-Api-Key", secret), "E." + secret, ""},
		"seven characters":     {header("X-Api-Key", secret[:7]), "E " + secret[:7], ""},
		"seven within others":  {header("X-Api-Key", secret[:7]), "E" + secret[:7], "E" + secret[:7]},
		"three characters":     {header("X-Api-Key", "abc"), "abc", "abc"},
		"Auth":                 {func(*http.Request) {}, "0wn-cr3dential", ""},
		"idempotency key":      {func(*http.Request) {}, "1dempotent", ""},
		"in the query by Auth": {func(*http.Request) {}, "signed", ""},
		"X-Trace":              {header("X-Trace", secret), secret, secret},
		"X-Request-Id":         {header("X-Request-Id", secret), secret, secret},
		"X-Forwarded-For":      {header("X-Forwarded-For", "192.0.2.1"), "192.0.2.1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(422, "X-Code", tt.response, "X-Request-Id", tt.response))
				c := newClient(t, srv, client.Config{Auth: wordInQuery{client.APIKey("X-Shop-Key", "0wn-cr3dential")}})
				req := newRequest(t, "PUT", srv.URL()+"/line-items/4711", "x")
				tt.put(req)
				req = client.With(req, client.CallOptions{IdempotencyKey: "1dempotent", RecordKey: "jane", Account: "acme"})
				_, err := sendRequest(t, c.Send, req)
				if e := failure(t, err); e.Code != tt.want || e.RequestID != tt.want {
					t.Errorf("code %q, request id %q; want %q for both", e.Code, e.RequestID, tt.want)
				}
			})
		})
	}
}

// wordInQuery also puts a word into the query.
type wordInQuery struct{ client.Auth }

func (a wordInQuery) Apply(ctx context.Context, r *http.Request) (string, error) {
	r.URL.RawQuery += "&by=signed"
	return a.Auth.Apply(ctx, r)
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
