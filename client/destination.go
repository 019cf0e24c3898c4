package client

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// A destination is where a request goes, and who is addressed there.
type destination struct {
	url           *url.URL
	crossedOrigin bool // a redirect led away from the origin: it is never trusted again
	isForeign     bool // it is not the vendor: judged by status, and outside its limits
}

// destinationOf returns the destination of req, to which a redirect may have led.
func (c *Client) destinationOf(req *http.Request, crossedOrigin bool) destination {
	return destination{url: req.URL, crossedOrigin: crossedOrigin, isForeign: crossedOrigin || c.isForeign(req.URL)}
}

// isForeign reports whether u is not the vendor's, such as the storage that an export is
// fetched from: its responses are not in the vendor's words, and meet none of its limits.
// That is known only where the client knows the vendor's origin. Another host of the same
// domain is the vendor's, too.
func (c *Client) isForeign(u *url.URL) bool {
	return c.home.isBound && !c.home.has(u) && !c.home.isOfDomain(u)
}

// domain returns the end of a host's name, as far as it is known without a list of all
// public suffixes. An address, or a name without a dot, is a domain with its port.
func domain(u *url.URL) string {
	labels := strings.Split(strings.ToLower(u.Hostname()), ".")
	if len(labels) < 2 || net.ParseIP(u.Hostname()) != nil {
		return strings.ToLower(u.Host)
	}
	return strings.Join(labels[len(labels)-2:], ".")
}

// authorizes reports whether the client's credential belongs on a request to d: it is
// bound to the vendor's origins.
func (c *Client) authorizes(d destination) bool {
	return c.auth != nil && !d.crossedOrigin && c.home.has(d.url)
}
