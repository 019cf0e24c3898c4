package client_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/retrywisetest"
)

var userinfo = url.UserPassword("ana", "s3cret")

// A request arrives as net/http sends it, down to its framing.
func TestHTTPRequests(t *testing.T) {
	type change func(*http.Request)
	for name, tt := range map[string]struct {
		method, body string
		change       change
	}{
		"a read":                 {"GET", "", nil},
		"no method":              {"GET", "", func(r *http.Request) { r.Method = "" }},
		"a method of one's own":  {"PURGE", "", nil},
		"options":                {"OPTIONS", "", nil},
		"a write":                {"POST", "text", nil},
		"a write without a body": {"POST", "", nil},
		"an explicit NoBody":     {"PUT", "", func(r *http.Request) { r.Body = http.NoBody }},
		"a read with a body":     {"GET", "text", nil},
		"a body of unknown length": {"PATCH", "", func(r *http.Request) {
			r.Body = unsized("text")
		}},
		"a body of a length that is said to be unknown": {"PATCH", "", func(r *http.Request) {
			r.Body, r.ContentLength = unsized("text"), -1
		}},
		"a body of unknown length that is empty": {"PUT", "", func(r *http.Request) { r.Body = unsized("") }},
		"a body whose length is told":            {"PUT", "", func(r *http.Request) { r.Body, r.ContentLength = unsized("text"), 4 }},
		"a body that is shorter than told":       {"POST", "", func(r *http.Request) { r.Body, r.ContentLength = unsized("text"), 9 }},
		"a body that fails": {"POST", "", func(r *http.Request) {
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader("text"), failingBody{}))
		}},
		"chunked by the caller's wish": {"PUT", "text", func(r *http.Request) { r.TransferEncoding = []string{"chunked"} }},
		"trailers": {"PUT", "", func(r *http.Request) {
			r.Trailer = http.Header{"X-Sum": nil}
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader("text"), atEnd(func() { r.Trailer.Set("X-Sum", "7") })))
		}},
		"userinfo":                      {"GET", "", func(r *http.Request) { r.URL.User = userinfo }},
		"userinfo and an Authorization": {"GET", "", func(r *http.Request) { r.URL.User = userinfo; r.Header.Set("Authorization", "Bearer x") }},
		"a host of one's own":           {"GET", "", func(r *http.Request) { r.Host = "other.test" }},
		"a key that is not canonical":   {"GET", "", func(r *http.Request) { r.Header["x-lower"] = []string{"v"} }},
		"no User-Agent":                 {"GET", "", func(r *http.Request) { r.Header.Set("User-Agent", "") }},
		"no header at all":              {"GET", "", func(r *http.Request) { r.Header = nil }},
		"several values":                {"GET", "", func(r *http.Request) { r.Header["Accept"] = []string{"a/b", "c/d"} }},
		"cookies":                       {"GET", "", func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "a", Value: "1"}) }},
		"a wish to close":               {"GET", "", func(r *http.Request) { r.Close = true }},
		"an escaped path":               {"GET", "", func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/a/b c", "/a%2Fb%20c" }},
		"dots in the path":              {"GET", "", func(r *http.Request) { r.URL.Path = "/a/../b//c" }},
		"a lone question mark":          {"GET", "", func(r *http.Request) { r.URL.ForceQuery = true }},
		"a query that is not escaped":   {"GET", "", func(r *http.Request) { r.URL.RawQuery = "a=b;c&d=%zz" }},
		"a fragment":                    {"GET", "", func(r *http.Request) { r.URL.Fragment = "part" }},
		"an opaque URL":                 {"GET", "", func(r *http.Request) { r.URL.Opaque, r.URL.Path = "//vendor.test/a%2fb", "" }},
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
