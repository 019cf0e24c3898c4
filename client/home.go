package client

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A home is where the vendor is.
type home struct {
	base    *url.URL   // nil: none
	origins []*url.URL // that get the credential, that of base first
	isBound bool       // they are certainly the vendor's
}

// setHome takes the caller's base URL, or else the vendor's, and further origins.
func (c *Client) setHome(cfg Config) error {
	base, origins := cfg.BaseURL, cfg.Origins
	if base == "" {
		base, origins = c.profile.BaseURL, slices.Concat(c.profile.Origins, cfg.Origins)
	}
	isOpen := cfg.BaseURL == "" && strings.Contains(base, "{")
	switch {
	case isOpen && (c.auth != nil || len(cfg.Origins) > 0):
		return fmt.Errorf("client: BaseURL: each account has its own of the form %s; vendors.Vendor.URL fills it in", base)
	case isOpen:
		return nil
	case base != "":
	case c.auth != nil:
		return errors.New("client: Auth needs a BaseURL, as a credential is sent to its origin and Origins only")
	case len(cfg.Origins) > 0:
		return errors.New("client: Origins needs a BaseURL, which they are in addition to")
	default:
		return nil
	}
	u, err := parseBase("BaseURL", base)
	if err != nil {
		return err
	}
	c.home = home{base: u, origins: []*url.URL{u}, isBound: cfg.BaseURL != "" || cfg.Auth != nil}
	for _, origin := range origins {
		if err := c.home.add(origin); err != nil {
			return err
		}
	}
	return nil
}

func (h *home) add(origin string) error {
	u, err := parseBase("Origins", origin)
	switch {
	case err != nil:
		return err
	case u.Path != "" && u.Path != "/":
		return fmt.Errorf("client: Origins: %s: expected no path", u.Host)
	case h.has(u):
		return fmt.Errorf("client: Origins: %s is there already, or is that of the base URL", u.Host)
	}
	h.origins = append(h.origins, u)
	return nil
}

// has reports whether u is of one of the origins.
func (h home) has(u *url.URL) bool {
	return slices.ContainsFunc(h.origins, func(origin *url.URL) bool { return isSameOrigin(u, origin) })
}

// nameOf names the API at u, for a vendor without a name. That of all origins is one.
func (h home) nameOf(u *url.URL) string {
	if h.has(u) {
		u = h.base
	}
	return u.Scheme + "://" + u.Host
}

// isOfDomain reports whether u's host has the domain of one of the origins.
func (h home) isOfDomain(u *url.URL) bool {
	return slices.ContainsFunc(h.origins, func(origin *url.URL) bool { return domain(u) == domain(origin) })
}

// parseBase reads the URL of a field of Config. The error does not repeat a wrong one, as it
// may hold a credential.
func parseBase(field, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("client: %s: expected an absolute http or https URL", field)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("client: %s of %s: expected no userinfo, query or fragment; use Auth for a credential", field, u.Host)
	}
	return u, nil
}
