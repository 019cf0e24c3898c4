package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"

	"github.com/retrywise/retrywise/internal/wire"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/traffic"
)

// A Vendor tells a Client how one API behaves. *vendors.Vendor is one. Its methods may
// be called from many goroutines at once.
type Vendor interface {
	Name() string          // as in an operator's file, such as "rdstation"
	BaseURL() string       // empty if the caller gives whole URLs
	Policy() policy.Policy // what to do about each failure
	// Decode explains an answer, or returns nil if it is not a failure.
	Decode(policy.Answer) *policy.Failure
	// ErrorsIn2xx reports whether an answer that is a success by its status may hold an
	// error, so that Decode is to see it.
	ErrorsIn2xx() bool
	// IdempotencyHeader is where the vendor takes an idempotency key; empty if it
	// honours none.
	IdempotencyHeader() string
}

// Config says how a Client is made. The zero Config works: a client for any API,
// judged by status.
type Config struct {
	Vendor    Vendor            // nil: judged by status, RFC 9457 and Retry-After
	BaseURL   string            // empty: the vendor's; for a URL without a host, and to tell the vendor from others
	Policy    *policy.Policy    // nil: the vendor's
	Transport http.RoundTripper // nil: a private one with room for 100 idle connections, which also proves best what left
	Auth      Auth              // nil: none; applied to the base URL's origin only
	Logger    *slog.Logger      // nil: silent
	// Observe is called for each attempt, wait, renewal and call as it ends, in the
	// goroutine of the call; nil: not at all.
	Observe func(context.Context, Event)
}

// A Client calls one vendor with one credential. It is made by New, and safe for
// concurrent use.
type Client struct {
	vendor        Vendor
	base          *url.URL // nil: none
	policy        policy.Policy
	isBound       bool          // the base URL's origin is the vendor's for certain
	foreignPolicy policy.Policy // for what is not the vendor's
	wire          *wire.Wire
	auth          Auth
	renewals      *renewals
	traffic       traffic.Shared
	checked       checked
	log           *slog.Logger
	observe       func(context.Context, Event)
	random        func() float64
}

// New returns a Client, or everything that is wrong with cfg.
func New(cfg Config) (*Client, error) {
	var problems []error
	c := &Client{
		vendor: cfg.Vendor, auth: cfg.Auth, log: cfg.Logger, observe: cfg.Observe,
		wire: wireBy(cfg.Transport), random: rand.Float64,
	}
	c.traffic = traffic.NewMemory()
	c.renewals = newRenewals(c.traffic)
	if c.vendor == nil {
		c.vendor = anyVendor{}
	}
	c.policy = c.vendor.Policy()
	if cfg.Policy != nil {
		c.policy = *cfg.Policy
	}
	if err := c.policy.Check(); err != nil {
		problems = append(problems, err)
	}
	c.foreignPolicy = policy.Default().WithRetry(c.policy.Retry())
	base := cfg.BaseURL
	if base == "" {
		base = c.vendor.BaseURL()
	}
	var err error
	if c.base, err = parseBase(base); err != nil {
		problems = append(problems, err)
	}
	if c.auth != nil && base == "" {
		problems = append(problems, errors.New("client: Auth needs a BaseURL, as a credential is sent to that origin only"))
	}
	c.isBound = c.base != nil && (cfg.BaseURL != "" || cfg.Auth != nil)
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return c, nil
}

// parseBase reads a base URL; none is nil. The text of a wrong one is not repeated, as
// it may hold a credential.
func parseBase(base string) (*url.URL, error) {
	if base == "" {
		return nil, nil
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, errors.New("client: BaseURL: expected an absolute http or https URL")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("client: BaseURL of %s: expected neither userinfo, query nor fragment; use Auth for a credential", u.Host)
	}
	return u, nil
}

// Close ends the renewal that may be under way, and closes idle connections if the
// transport is the client's own. Calls under way go on.
func (c *Client) Close() error {
	c.renewals.close()
	c.wire.Close()
	return nil
}
