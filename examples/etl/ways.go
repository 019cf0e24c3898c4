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

// A way is by what the job is run. Its http is the only line of the job that differs.
type way interface {
	name() string
	http(vendor string, srv *retrywisetest.Server) (*http.Client, error) // the one line
	waited() time.Duration                                               // all calls together
	explain(f failure) error                                             // what is known of a failure; nil: no more than the job knows
	close()
}

// newJob makes the job. It gives its own credentials, whatever the way.
func newJob(w way, v *allVendors, log *slog.Logger) (job, error) {
	j := job{campaign: campaign, log: log.With("by", w.name())}
	for _, to := range []struct {
		api           *api
		vendor        string
		srv           *retrywisetest.Server
		authorization string
	}{
		{&j.playable, vendors.Playable, v.playableServer, "Bearer " + v.playable.Token()},
		{&j.connectif, vendors.Connectif, v.connectifServer, "apiKey " + testserver.ConnectifKeyID + ":" + testserver.ConnectifKeySecret},
		{&j.rdstation, vendors.RDStation, v.rdstationServer, "Bearer " + v.rdstation.Token()},
	} {
		c, err := w.http(to.vendor, to.srv) // the one line
		if err != nil {
			return job{}, fmt.Errorf("%s: %w", to.vendor, err)
		}
		*to.api = api{http: c, url: to.srv.URL(), authorization: to.authorization}
	}
	return j, nil
}

// byNetHTTP is what the job has today.
type byNetHTTP struct{}

func (byNetHTTP) name() string { return "net/http" }
func (byNetHTTP) http(_ string, srv *retrywisetest.Server) (*http.Client, error) {
	return &http.Client{Transport: srv.Transport()}, nil // the one line
}
func (byNetHTTP) waited() time.Duration { return 0 }
func (byNetHTTP) explain(failure) error { return nil }
func (byNetHTTP) close()                {}

// byRetrywise is retrywise with the data of each vendor.
type byRetrywise struct {
	clients map[string]*client.Client
	waiting atomic.Int64
}

func newByRetrywise() *byRetrywise { return &byRetrywise{clients: map[string]*client.Client{}} }

func (*byRetrywise) name() string { return "retrywise" }

func (w *byRetrywise) http(vendor string, srv *retrywisetest.Server) (*http.Client, error) {
	v, err := vendors.Lookup(vendor)
	if err != nil {
		return nil, err
	}
	quick := quickLimits(v)
	c, err := client.New(client.Config{Vendor: v, BaseURL: srv.URL(), Transport: srv.Transport(), Policy: &quick, Observer: client.Observer{CallEnd: w.callEnd}})
	if err != nil {
		return nil, err
	}
	w.clients[vendor] = c
	return c.HTTP(), nil // the one line
}

// quickLimits is the vendor's policy with a limit for which a demo has the time: RD
// Station's own is 120 a minute, and the fake allows more.
func quickLimits(v *vendors.Vendor) policy.Policy {
	if v.Name() != vendors.RDStation {
		return v.Policy()
	}
	return v.Policy().WithLimit(policy.Limit{
		Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 100, Per: time.Second}, Burst: 10,
	})
}

func (w *byRetrywise) callEnd(_ context.Context, e client.CallEvent) { w.waiting.Add(int64(e.Waited)) }

func (w *byRetrywise) waited() time.Duration { return time.Duration(w.waiting.Load()) }

// vendorOf tells with whom a step is done.
var vendorOf = map[step]string{stepPage: vendors.Playable, stepPurchase: vendors.Connectif, stepContact: vendors.RDStation}

// explain asks retrywise what the failure was: where there was an answer, by Check; where
// there was none, the error says it itself.
func (w *byRetrywise) explain(f failure) error {
	if answered, ok := errors.AsType[*answerError](f.Err); ok {
		return w.clients[vendorOf[f.Step]].Check(answered.resp)
	}
	return client.CleanError(f.Err)
}

func (w *byRetrywise) close() {
	for _, c := range w.clients {
		_ = c.Close()
	}
}
