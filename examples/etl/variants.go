package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

// A variant makes the job's http.Clients. The job knows nothing else about it.
type variant interface {
	name() string
	httpClient(vendor string, srv *retrywisetest.Server) (*http.Client, error)
	waited() time.Duration   // sum over all calls
	explain(f failure) error // the reason of f; nil: the variant knows no more than the job
	close()
}

// newJob returns a job with the clients of v. The job sets its credentials itself.
func newJob(v variant, f *fakes, log *slog.Logger) (job, error) {
	j := job{campaign: campaign, log: log.With("by", v.name())}
	for _, to := range []struct {
		api           *api
		vendor        string
		srv           *retrywisetest.Server
		authorization string
	}{
		{&j.playable, vendors.Playable, f.playableServer, "Bearer " + f.playable.Token()},
		{&j.connectif, vendors.Connectif, f.connectifServer, "apiKey " + testserver.ConnectifKeyID + ":" + testserver.ConnectifKeySecret},
		{&j.rdstation, vendors.RDStation, f.rdstationServer, "Bearer " + f.rdstation.Token()},
	} {
		c, err := v.httpClient(to.vendor, to.srv)
		if err != nil {
			return job{}, fmt.Errorf("%s: %w", to.vendor, err)
		}
		*to.api = api{http: c, url: to.srv.URL(), authorization: to.authorization}
	}
	return j, nil
}

// netHTTP is net/http without retries.
type netHTTP struct{}

func (netHTTP) name() string { return "net/http" }
func (netHTTP) httpClient(_ string, srv *retrywisetest.Server) (*http.Client, error) {
	return &http.Client{Transport: srv.Transport()}, nil // the line that differs
}
func (netHTTP) waited() time.Duration { return 0 }
func (netHTTP) explain(failure) error { return nil }
func (netHTTP) close()                {}

// retrywise is this library with the data of each vendor.
type retrywise struct {
	clients map[string]*client.Client // by vendor
	waiting atomic.Int64
}

func newRetrywise() *retrywise { return &retrywise{clients: map[string]*client.Client{}} }

func (*retrywise) name() string { return "retrywise" }

func (v *retrywise) httpClient(vendor string, srv *retrywisetest.Server) (*http.Client, error) {
	data, err := vendors.Lookup(vendor)
	if err != nil {
		return nil, err
	}
	c, err := client.New(client.Config{
		Vendor:    data,
		BaseURL:   srv.URL(),
		Policy:    new(withHigherLimit(data.Policy())),
		Transport: srv.Transport(),
		Observer:  client.Observer{CallEnd: v.callEnd},
	})
	if err != nil {
		return nil, err
	}
	v.clients[vendor] = c
	return c.HTTP(), nil // the line that differs
}

// withHigherLimit raises RD Station's limit of 120 calls a minute, as the fake allows more.
// It does not change the policies of other vendors.
func withHigherLimit(p policy.Policy) policy.Policy {
	if p.Name() != vendors.RDStation {
		return p
	}
	return p.WithLimit(policy.Limit{
		Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 100, Per: time.Second}, Burst: 10,
	})
}

func (v *retrywise) callEnd(_ context.Context, e client.CallEvent) { v.waiting.Add(int64(e.Waited)) }

func (v *retrywise) waited() time.Duration { return time.Duration(v.waiting.Load()) }

// vendorOf is the vendor that each step calls.
var vendorOf = map[step]string{stepPage: vendors.Playable, stepPurchase: vendors.Connectif, stepContact: vendors.RDStation}

// explain returns the *apierrors.Error of a failure: Check has it for a response, and the
// error itself contains it if there was no response.
func (v *retrywise) explain(f failure) error {
	if e, ok := errors.AsType[*responseError](f.Err); ok {
		return v.clients[vendorOf[f.Step]].Check(e.resp)
	}
	return client.CleanError(f.Err)
}

func (v *retrywise) close() {
	for _, c := range v.clients {
		_ = c.Close()
	}
}
