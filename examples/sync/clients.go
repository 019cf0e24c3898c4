package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
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
	cs.rdstation = cs.connect(vendors.RDStation, quicker, cs.bearer(vendors.RDStation, rdstationToken))
	cs.customergauge = cs.connect(vendors.CustomerGauge, asItIs, cs.bearer(vendors.CustomerGauge, customergaugeToken))
	cs.connectif = cs.connect(vendors.Connectif, hurried, client.APIKey("Authorization", "apiKey "+testserver.ConnectifKeyID+":"+testserver.ConnectifKeySecret))
	cs.playable = cs.connect(vendors.Playable, asItIs, cs.bearer(vendors.Playable, playableToken))
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
		Vendor: vendor, BaseURL: cs.sites[name], Policy: &tuned, Transport: cs.wire, Auth: auth, Observe: cs.told[name].observe,
	})
	if err != nil {
		cs.err = errors.Join(cs.err, err)
		return nil
	}
	cs.all = append(cs.all, c)
	return c
}

// bearer is a token that a login fetches whenever there is none, or it was refused.
func (cs *clients) bearer(name string, fetch func(context.Context, *client.Client) (string, error)) client.Auth {
	login := cs.connect(name, asItIs, nil)
	return client.RenewableBearer("", func(ctx context.Context) (string, error) { return fetch(ctx, login) })
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

// A token is what the vendors answer to a login.
type token struct {
	AccessToken string `json:"access_token"`
}

// renewal are the options of a login: to ask twice for a token does no harm.
func renewal() client.CallOptions { return client.CallOptions{Op: "token.renew", Repeatable: true} }

func rdstationToken(ctx context.Context, login *client.Client) (string, error) {
	t, err := client.Do[token](ctx, login, client.Call{
		Method: http.MethodPost, Path: "/auth/token", Options: renewal(),
		Body: map[string]string{
			"client_id": testserver.ClientID, "client_secret": testserver.ClientSecret, "refresh_token": testserver.RefreshToken,
		},
	})
	return t.AccessToken, err
}

func playableToken(ctx context.Context, login *client.Client) (string, error) {
	t, err := client.Do[token](ctx, login, client.Call{
		Method: http.MethodPost, Path: "/oauth/token", Options: renewal(),
		Body: map[string]string{
			"grant_type": "client_credentials", "client_id": testserver.PlayableClientID, "client_secret": testserver.PlayableClientSecret,
		},
	})
	return t.AccessToken, err
}

// customergaugeToken sends a form, so it takes Send.
func customergaugeToken(ctx context.Context, login *client.Client) (string, error) {
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {testserver.CustomerGaugeClientID}, "client_secret": {testserver.CustomerGaugeClientSecret},
	}
	req, err := http.NewRequestWithContext(client.WithCall(ctx, renewal()), http.MethodPost, "/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := login.Send(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var t token
	err = json.NewDecoder(resp.Body).Decode(&t)
	return t.AccessToken, err
}
