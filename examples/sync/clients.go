package main

import (
	"errors"
	"net/http"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

// A network says how to reach the vendors' servers.
type network struct {
	urls      map[string]string // base URLs, by the name of the server
	transport http.RoundTripper // nil: each client makes its own
}

// clients has a client for each vendor and credential, which all workers share, and one
// without a credential for each login.
type clients struct {
	rdstation, customergauge, connectif, playable *client.Client

	network network
	tallies map[string]*tally // by vendor
	all     []*client.Client
	err     error // of connect
}

// newClients makes the clients. The caller closes them.
func newClients(n network) (*clients, error) {
	cs := &clients{network: n, tallies: map[string]*tally{}}
	cs.rdstation = cs.connect(vendors.RDStation, withHigherLimit, cs.bearer(vendors.RDStation, rdstationLogin()))
	cs.customergauge = cs.connect(vendors.CustomerGauge, unchanged, cs.bearer(vendors.CustomerGauge, customergaugeLogin()))
	cs.connectif = cs.connect(vendors.Connectif, withLimitAndQueueWait, client.APIKey("Authorization", "apiKey "+testserver.ConnectifKeyID+":"+testserver.ConnectifKeySecret))
	cs.playable = cs.connect(vendors.Playable, unchanged, cs.bearer(vendors.Playable, playableLogin()))
	if cs.err != nil {
		cs.close()
		return nil, cs.err
	}
	return cs, nil
}

// connect makes a client for the vendor called name. Its policy is the vendor's, changed by
// change.
func (cs *clients) connect(name string, change func(policy.Policy) policy.Policy, auth client.Auth) *client.Client {
	vendor, err := vendors.Lookup(name)
	if err != nil {
		cs.err = errors.Join(cs.err, err)
		return nil
	}
	if cs.tallies[name] == nil {
		cs.tallies[name] = newTally()
	}
	c, err := client.New(client.Config{
		Vendor:    vendor,
		BaseURL:   cs.network.urls[name],
		Policy:    new(change(vendor.Policy())),
		Transport: cs.network.transport,
		Auth:      auth,
		Observer:  cs.tallies[name].observer(),
	})
	if err != nil {
		cs.err = errors.Join(cs.err, err)
		return nil
	}
	cs.all = append(cs.all, c)
	return c
}

// close closes the clients. It returns when no renewal is running.
func (cs *clients) close() {
	for _, c := range cs.all {
		c.Close()
	}
}

// unchanged keeps the policy that follows from the vendor's documents.
func unchanged(p policy.Policy) policy.Policy { return p }

// withHigherLimit is for an account that may make more calls than RD Station's documented
// 120 a minute.
func withHigherLimit(p policy.Policy) policy.Policy {
	return p.WithLimit(policy.Limit{
		Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 100, Per: time.Second}, Burst: 10,
	})
}

// withLimitAndQueueWait adds what Connectif does not document: a limit, and when to try
// again if the queue of exports is full. The policy's own wait of five minutes is a guess.
func withLimitAndQueueWait(p policy.Policy) policy.Policy {
	return p.WithLimit(policy.Limit{
		Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 25, Per: time.Second}, Burst: 5,
	}).With(policy.Rule{When: policy.Match{Codes: []string{"E0301"}}, After: 2 * time.Second})
}
