package client

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"

	"github.com/retrywise/retrywise/internal/wire"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/traffic"
)

// A Vendor is what a Client knows of one API. *vendors.Vendor is one. Its methods are safe
// for concurrent use.
type Vendor interface {
	// Profile returns the facts about the vendor. New calls it once.
	Profile() policy.Profile

	// Decode explains a response, or returns nil if it has nothing to say about it. A status
	// of 400 or more is a failure all the same: then the status decides, and what is the
	// same for all APIs is read, as without a vendor. If Decode does explain it, it also
	// fills in Wait. Status is filled in by the client.
	Decode(policy.Answer) *policy.Failure
}

// Config is how a Client is made. The zero Config works: it makes a Client for any API,
// which judges responses by their status.
type Config struct {
	// Vendor knows the API. nil: responses are judged by status, and what is the same for
	// all APIs is read: problem documents (RFC 9457), Retry-After, the RateLimit fields of a
	// 429, and X-Should-Retry: false.
	Vendor Vendor

	// BaseURL is the base for relative URLs. Credentials and limits apply to its origin, and
	// to Origins. Empty: the vendor's, with the origins that its file names.
	BaseURL string

	// Origins are further origins of the vendor, such as https://uploads.vendor.example. A
	// request that is addressed to one gets the credential and meets the limits; a redirect
	// to one is a redirect to another origin.
	Origins []string

	// Policy decides about failures. nil: the vendor's. It must be made from the policy of
	// a vendor of the same name, or from policy.Default().
	Policy *policy.Policy

	// Transport sends the requests. nil: the Client makes one for itself, and closes its
	// idle connections. An *http.Transport is fine. A RoundTripper of another type should
	// send through a NewTransport: otherwise the Client cannot prove that a request was not
	// sent, and retries fewer writes.
	Transport http.RoundTripper

	// Auth puts a credential on requests to the base URL's origin and Origins. nil: the
	// caller does.
	Auth Auth

	// Logger gets a line at the end of each call, attempt, wait and renewal. nil: no log.
	//
	//   - Warning: a call that failed, and a renewal that failed.
	//   - Information: an attempt that failed if the call goes on, a failure that was accepted
	//     as a success, and a wait of 10 s or more for a gate, a limit or a renewal.
	//   - Debugging: everything else.
	//
	// A failure has the same keys in every line, such as class, action, status, code and rule;
	// a value that is empty is left out. The line of a failed call also has what
	// apierrors.Error prints in slog, and that of a failed renewal has its cause. Lines hold
	// neither a credential nor personal data.
	Logger *slog.Logger

	// Observer is called at the begin and the end of what the Client does. JoinObservers makes one
	// of several; the module integrations/otel has one for OpenTelemetry.
	Observer Observer

	// Traffic is what the calls of several Clients, or of several processes, share: limits,
	// pauses, outages, the retry budget, and rights to renew a credential. Accounts are kept
	// apart by vendor, or origin, and by Account or the credential in a request. Close does not
	// close it. nil: a traffic.Memory of this Client's own.
	Traffic traffic.Shared

	// Account names the vendor's account of Auth, such as a tenant, for Traffic. Clients with the
	// same name share an account. CallOptions.Account of a call goes first. Empty: the account is
	// the vendor's only one.
	Account string

	// UserAgent is the User-Agent of requests without one. Empty: "retrywise".
	UserAgent string
}

// A Client calls one vendor. It keeps the state that calls share: rate limiters, pauses
// after a 429, the current token and the retry budget. Make one with New for each vendor
// and credential, and share it. It is safe for concurrent use.
type Client struct {
	vendor        Vendor
	profile       policy.Profile
	home          home
	policy        policy.Policy
	foreignPolicy policy.Policy // for what is not the vendor's
	retry         policy.Retry  // of policy, with all fields set
	auth          Auth
	account       string
	userAgent     []string
	wire          *wire.Wire
	traffic       shared
	renewals      *renewals
	checked       checked
	watch         watch
	random        func() float64
}

// New returns a Client for cfg. The error lists all problems of cfg. Call Close when the
// Client is no longer used.
func New(cfg Config) (*Client, error) {
	c := &Client{
		vendor: cfg.Vendor, auth: cfg.Auth, account: cfg.Account, watch: watch{cfg.Observer, cfg.Logger}, userAgent: []string{cfg.UserAgent},
		traffic: shared{Shared: cfg.Traffic}, random: rand.Float64,
	}
	if c.traffic.Shared == nil {
		c.traffic.Shared = traffic.NewMemory()
	}
	if c.vendor == nil {
		c.vendor = anyVendor{}
	}
	if cfg.UserAgent == "" {
		c.userAgent[0] = "retrywise"
	}
	c.renewals = newRenewals(c)
	c.profile = c.vendor.Profile()
	problems := []error{c.setPolicy(cfg.Policy), c.setHome(cfg), c.setTransport(cfg.Transport), c.checkKeys(), checkAuth(cfg.Auth)}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return c, nil
}

// setPolicy takes the caller's policy, or else the vendor's.
func (c *Client) setPolicy(p *policy.Policy) error {
	c.policy = c.profile.Policy
	if p != nil {
		c.policy = *p
	}
	c.retry = c.policy.Retry()
	c.foreignPolicy = policy.Default().WithRetry(c.retry)
	switch name := c.policy.Name(); {
	case name == "" || name == c.profile.Name:
		return c.policy.Check()
	case p == nil:
		return fmt.Errorf("client: Vendor: its profile is named %q, and the policy in it %q", c.profile.Name, name)
	case c.profile.Name == "":
		return fmt.Errorf("client: Policy: it is for vendor %q, and there is no Vendor", name)
	default:
		return fmt.Errorf("client: Policy: it is for vendor %q, and the Vendor is %q", name, c.profile.Name)
	}
}

// setTransport takes the caller's transport, or else one of its own.
func (c *Client) setTransport(rt http.RoundTripper) error {
	if t, ok := rt.(*Transport); ok {
		if t == nil || t.Transport == nil {
			return errors.New("client: Transport: make a client.Transport with NewTransport")
		}
		rt = t.standard()
	}
	c.wire = wire.New(rt)
	return nil
}

// Close cancels a renewal of the credential that is under way, and closes the idle
// connections of the Client's own transport; one of Config.Transport is left alone. Calls that
// wait for a limit, a gate or a renewal fail, with class canceled, and so do later ones that
// would have to. Close does not end calls that are being sent, or that wait in a back-off. The
// error is always nil.
func (c *Client) Close() error {
	c.traffic.waiters.close()
	c.renewals.close()
	c.wire.Close()
	return nil
}
