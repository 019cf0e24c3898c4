package client

import (
	"net/http"
	"net/url"
	"strings"
)

// target is where req is to go, and the path of that below the base URL. One that a
// caller's http.Client made of a redirect has its path from the root.
func (c *Client) target(req *http.Request) (whole *url.URL, path string) {
	u := req.URL
	if req.Response == nil || u == nil || u.Scheme != "" || u.Host != "" || u.Opaque != "" || c.base == nil {
		return c.resolve(u)
	}
	to := *u
	to.Scheme, to.Host = c.base.Scheme, c.base.Host
	return &to, c.belowBase(&to)
}

// resolve puts a URL without a host below the base URL, and returns the path below the
// base URL as well. It is nil if there is no base URL, or the URL is no path alone.
func (c *Client) resolve(u *url.URL) (whole *url.URL, path string) {
	switch {
	case u == nil, u.Host == "" && (u.Scheme != "" || u.Opaque != "" || c.base == nil):
		return nil, ""
	case u.Host != "":
		return u, c.belowBase(u)
	}
	path = "/" + strings.TrimPrefix(u.EscapedPath(), "/")
	whole, err := url.Parse(c.base.Scheme + "://" + c.base.Host + c.prefix() + path)
	if err != nil {
		return nil, ""
	}
	whole.RawQuery = u.RawQuery
	return whole, path
}

// prefix is the base URL's path, without a slash at its end.
func (c *Client) prefix() string { return strings.TrimSuffix(c.base.EscapedPath(), "/") }

// belowBase is the path of u without that of the base URL.
func (c *Client) belowBase(u *url.URL) string {
	path := u.EscapedPath()
	if !isSameOrigin(u, c.base) {
		return path
	}
	if below, ok := strings.CutPrefix(path, c.prefix()+"/"); ok {
		return "/" + below
	}
	return path
}

// isSameOrigin compares scheme, host and port (RFC 6454 section 5).
func isSameOrigin(a, b *url.URL) bool {
	return a != nil && b != nil && a.Scheme == b.Scheme &&
		strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

// defaultPort is the port of a URL that names none.
var defaultPort = map[string]string{"http": "80", "https": "443"}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return defaultPort[u.Scheme]
}
