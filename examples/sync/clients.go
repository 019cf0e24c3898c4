package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

// clients are made once, one for each vendor and credential, and shared by all workers.
// The logins have no credential: they fetch the tokens of the others.
type clients struct {
	rdstation, customergauge, connectif, playable *client.Client

	sites map[string]string // the base URLs, by vendor
	wire  http.RoundTripper // nil: the clients' own
	told  map[string]*tally // by vendor
	all   []*client.Client
	err   error
}

func newClients(sites map[string]string, wire http.RoundTripper) (*clients, error) {
	cs := &clients{sites: sites, wire: wire, told: map[string]*tally{}}
	cs.rdstation = cs.connect(vendors.RDStation, quicker, cs.bearer(vendors.RDStation, rdstationLogin))
	cs.customergauge = cs.connect(vendors.CustomerGauge, asItIs, cs.bearer(vendors.CustomerGauge, customergaugeLogin))
	cs.connectif = cs.connect(vendors.Connectif, hurried, client.APIKey("Authorization", "apiKey "+testserver.ConnectifKeyID+":"+testserver.ConnectifKeySecret))
	cs.playable = cs.connect(vendors.Playable, asItIs, cs.bearer(vendors.Playable, playableLogin))
	return cs, cs.err
}

// connect makes a client of the vendor called name.
func (cs *clients) connect(name string, tune func(policy.Policy) policy.Policy, auth client.Auth) *client.Client {
	vendor, err := vendors.Lookup(name)
	if err != nil {
		cs.err = errors.Join(cs.err, err)
		return nil
	}
	if cs.told[name] == nil {
		cs.told[name] = newTally()
	}
	tuned := tune(vendor.Policy())
	c, err := client.New(client.Config{
		Vendor: vendor, BaseURL: cs.sites[name], Policy: &tuned, Transport: cs.wire, Auth: auth, Observer: cs.told[name].observer(),
	})
	if err != nil {
		cs.err = errors.Join(cs.err, err)
		return nil
	}
	cs.all = append(cs.all, c)
	return c
}

// bearer is a token that a login fetches when there is none, when it expires, and when the
// vendor rejects it.
func (cs *clients) bearer(name string, login client.Call) client.Auth {
	c := cs.connect(name, asItIs, nil)
	return client.RenewableBearer("", func(ctx context.Context) (string, time.Time, error) {
		t, err := client.Do[token](ctx, c, login)
		return t.AccessToken, t.expires(time.Now()), err
	})
}

func (cs *clients) close() {
	for _, c := range cs.all {
		c.Close()
	}
}

// asItIs takes the policy of the vendor's documents.
func asItIs(p policy.Policy) policy.Policy { return p }

// quicker is for an account that bought a higher limit: RD Station's own is 120 a minute.
func quicker(p policy.Policy) policy.Policy {
	return p.WithLimit(policy.Limit{
		Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 100, Per: time.Second}, Burst: 10,
	})
}

// hurried sets a limit where the vendor's documents have none, and comes back earlier to
// a full queue: Connectif does not tell when, and five minutes is a guess.
func hurried(p policy.Policy) policy.Policy {
	return p.WithLimit(policy.Limit{
		Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 25, Per: time.Second}, Burst: 5,
	}).With(policy.Rule{When: policy.Match{Codes: []string{"E0301"}}, After: 2 * time.Second})
}

// A token is the response to a login.
type token struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"` // seconds; 0: the vendor does not say
}

func (t token) expires(now time.Time) time.Time {
	if t.ExpiresIn == 0 {
		return time.Time{}
	}
	return now.Add(time.Duration(t.ExpiresIn) * time.Second)
}

// renewal are the options of a login: a second token does no harm.
var renewal = client.CallOptions{Op: "token.renew", Repeatable: true}

// The logins of the vendors. CustomerGauge takes a form, the others JSON.
var (
	rdstationLogin = client.Call{
		Method: http.MethodPost, Path: "/auth/token", Options: renewal,
		Body: map[string]string{
			"client_id": testserver.ClientID, "client_secret": testserver.ClientSecret, "refresh_token": testserver.RefreshToken,
		},
	}
	playableLogin = client.Call{
		Method: http.MethodPost, Path: "/oauth/token", Options: renewal,
		Body: map[string]string{
			"grant_type": "client_credentials", "client_id": testserver.PlayableClientID, "client_secret": testserver.PlayableClientSecret,
		},
	}
	customergaugeLogin = client.Call{
		Method: http.MethodPost, Path: "/oauth2/token", Options: renewal,
		Body: url.Values{
			"grant_type": {"client_credentials"}, "client_id": {testserver.CustomerGaugeClientID}, "client_secret": {testserver.CustomerGaugeClientSecret},
		},
	}
)
