package client_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/retrywisetest"
)

// userinfo is a user of the tests.
var userinfo = url.UserPassword("ana", "s3cret")

// Requests arrive as net/http sends them, including their framing.
func TestHTTPRequests(t *testing.T) {
	type change func(*http.Request)
	for name, tt := range map[string]struct {
		method, body string
		change       change
	}{
		"GET":                 {"GET", "", nil},
		"no method":           {"GET", "", func(r *http.Request) { r.Method = "" }},
		"unknown method":      {"PURGE", "", nil},
		"OPTIONS":             {"OPTIONS", "", nil},
		"POST":                {"POST", "text", nil},
		"POST without a body": {"POST", "", nil},
		"NoBody":              {"PUT", "", func(r *http.Request) { r.Body = http.NoBody }},
		"GET with a body":     {"GET", "text", nil},
		"unknown length": {"PATCH", "", func(r *http.Request) {
			r.Body = unsized("text")
		}},
		"ContentLength -1": {"PATCH", "", func(r *http.Request) {
			r.Body, r.ContentLength = unsized("text"), -1
		}},
		"unknown length, empty":           {"PUT", "", func(r *http.Request) { r.Body = unsized("") }},
		"ContentLength 4":                 {"PUT", "", func(r *http.Request) { r.Body, r.ContentLength = unsized("text"), 4 }},
		"body shorter than ContentLength": {"POST", "", func(r *http.Request) { r.Body, r.ContentLength = unsized("text"), 9 }},
		"body that fails": {"POST", "", func(r *http.Request) {
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader("text"), failingBody{}))
		}},
		"TransferEncoding": {"PUT", "text", func(r *http.Request) { r.TransferEncoding = []string{"chunked"} }},
		"trailers": {"PUT", "", func(r *http.Request) {
			r.Trailer = http.Header{"X-Sum": nil}
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader("text"), atEnd(func() { r.Trailer.Set("X-Sum", "7") })))
		}},
		"userinfo":                     {"GET", "", func(r *http.Request) { r.URL.User = userinfo }},
		"userinfo and Authorization":   {"GET", "", func(r *http.Request) { r.URL.User = userinfo; r.Header.Set("Authorization", "Bearer x") }},
		"Host":                         {"GET", "", func(r *http.Request) { r.Host = "other.test" }},
		"header that is not canonical": {"GET", "", func(r *http.Request) { r.Header["x-lower"] = []string{"v"} }},
		"no User-Agent":                {"GET", "", func(r *http.Request) { r.Header.Set("User-Agent", "") }},
		"nil header":                   {"GET", "", func(r *http.Request) { r.Header = nil }},
		"two values of one header":     {"GET", "", func(r *http.Request) { r.Header["Accept"] = []string{"a/b", "c/d"} }},
		"cookies":                      {"GET", "", func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "a", Value: "1"}) }},
		"Close":                        {"GET", "", func(r *http.Request) { r.Close = true }},
		"escaped path":                 {"GET", "", func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/a/b c", "/a%2Fb%20c" }},
		"dots in the path":             {"GET", "", func(r *http.Request) { r.URL.Path = "/a/../b//c" }},
		"empty query":                  {"GET", "", func(r *http.Request) { r.URL.ForceQuery = true }},
		"query that is not escaped":    {"GET", "", func(r *http.Request) { r.URL.RawQuery = "a=b;c&d=%zz" }},
		"fragment":                     {"GET", "", func(r *http.Request) { r.URL.Fragment = "part" }},
		"opaque URL":                   {"GET", "", func(r *http.Request) { r.URL.Opaque, r.URL.Path = "//vendor.test/a%2fb", "" }},
	} {
		t.Run(name, func(t *testing.T) {
			sameAsNetHTTP(t, http.HandlerFunc(retrywisetest.JSON(200, `{}`)), func(t *testing.T, hc *http.Client, base string) seen {
				req := newRequest(t, tt.method, base+"/items/7", tt.body)
				if tt.change != nil {
					tt.change(req)
				}
				return exchange(hc, req)
			})
		})
	}
}
