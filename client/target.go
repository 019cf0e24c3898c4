package client

import (
	"net/http"
	"net/url"
	"strings"
)

// target returns the whole URL of req, and its path below the base URL. A request that a
// caller's http.Client makes for a redirect has its path from the root. There is no URL if
// it has no host and there is no base URL.
func (h home) target(req *http.Request) (whole *url.URL, path string) {
	u := req.URL
	if req.Response == nil || u == nil || u.Scheme != "" || u.Host != "" || u.Opaque != "" || h.base == nil {
		return h.resolve(u)
	}
	to := *u
	to.Scheme, to.Host = h.base.Scheme, h.base.Host
	return &to, h.belowBase(&to)
}

// resolve puts a URL without a host below the base URL, and returns its path below the
// base URL as well. One of another scheme, such as file:///rows.csv, is for a protocol that is
// registered with the transport.
func (h home) resolve(u *url.URL) (whole *url.URL, path string) {
	switch {
	case u == nil:
		return nil, ""
	case u.Host != "", u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https":
		return u, h.belowBase(u)
	case u.Scheme != "", u.Opaque != "", h.base == nil:
		return nil, ""
	}
	path = "/" + strings.TrimPrefix(u.EscapedPath(), "/")
	whole = &url.URL{Scheme: h.base.Scheme, Host: h.base.Host, RawPath: h.prefix() + path, RawQuery: u.RawQuery}
	whole.Path, _ = url.PathUnescape(whole.RawPath) // which net/url has escaped
	return whole, path
}

// prefix returns the base URL's path, without a slash at its end.
func (h home) prefix() string { return strings.TrimSuffix(h.base.EscapedPath(), "/") }

// belowBase returns the path of u without that of the base URL.
func (h home) belowBase(u *url.URL) string {
	path := u.EscapedPath()
	if !isSameOrigin(u, h.base) {
		return path
	}
	if below, ok := strings.CutPrefix(path, h.prefix()+"/"); ok {
		return "/" + below
	}
	return path
}

// isSameOrigin compares scheme, host and port (RFC 6454 section 5).
func isSameOrigin(a, b *url.URL) bool {
	return a != nil && b != nil && a.Scheme == b.Scheme &&
		(a.Host == b.Host || strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b))
}

// defaultPorts are the ports of URLs without one.
var defaultPorts = map[string]string{"http": "80", "https": "443"}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return defaultPorts[u.Scheme]
}
