package main

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseredis "github.com/retrywise/retrywise/integrations/redis"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/traffic"
)

// retrywise is a Client with its defaults. It is told a limit that is declared; if the
// vendor's limit answers with another status than 429, that by one rule; and that the vendor
// honors keys, if it does.
type retrywise struct {
	*client.Client
	setup
	fleet *traffic.Fleet // nil: the process is alone
	rdb   *redis.Client
	known *atomic.Int64 // writes in doubt that were resolved
}

// byRecord looks up a record of a vendor that executes nothing later than half a second after
// the cut.
func byRecord() *policy.Lookup {
	return &policy.Lookup{
		Path: "/items?record={record_key}", At: "/record", Is: "{record_key}", Consistent: true, Settle: time.Second / 2,
	}
}

func newRetrywise(s setup) (caller, error) {
	cfg := client.Config{BaseURL: s.url}
	if s.keys {
		cfg.Vendor = keyedAPI{}
	}
	if s.declared != nil {
		cfg.Policy = new(policy.Default().WithLimit(s.declared.limit()))
	} else if s.refusal != 0 && s.refusal != http.StatusTooManyRequests {
		cfg.Policy = new(policy.Default().With(policy.Rule{
			When:  policy.Match{Statuses: []policy.StatusRange{{From: s.refusal, To: s.refusal}}},
			Class: apierrors.RateLimited,
		}))
	}
	if s.dial != nil {
		t := client.NewTransport()
		t.DialContext = s.dial
		cfg.Transport = t
	}
	w := retrywise{setup: s, known: new(atomic.Int64)}
	if s.lookups {
		cfg.Observer.LookupEnd = func(_ context.Context, e client.LookupEvent) {
			if e.Applied != apierrors.AppliedUnknown {
				w.known.Add(1)
			}
		}
	}
	if s.store != "" {
		w.rdb = redis.NewClient(&redis.Options{Addr: s.store, ContextTimeoutEnabled: true})
		store, err := retrywiseredis.New(context.Background(), retrywiseredis.GoRedis(w.rdb), retrywiseredis.Options{})
		if err != nil {
			return nil, err
		}
		w.fleet = traffic.NewFleet(store, traffic.FleetOptions{})
		cfg.Traffic = w.fleet
	}
	var err error
	w.Client, err = client.New(cfg)
	return w, err
}

// keyedAPI is any API that honors Idempotency-Key.
type keyedAPI struct{}

func (keyedAPI) Profile() policy.Profile {
	return policy.Profile{Idempotency: policy.Idempotency{Header: keyHeader}}
}

func (keyedAPI) Decode(policy.Answer) *policy.Failure { return nil }

func (d declared) limit() policy.Limit {
	scope := apierrors.ScopeAccount
	if d.records > 0 {
		scope = apierrors.ScopeRecord
	}
	return policy.Limit{Name: "declared", Scope: scope, Rate: policy.Rate{Count: d.perSecond, Per: time.Second}, Burst: d.burst}
}

func (w retrywise) send(ctx context.Context, r request) error {
	key := r.key
	r.key = "" // the Client puts it on
	req, err := r.http(ctx, w.url)
	if err != nil {
		return err
	}
	if r.record != "" || key != "" || w.timeout > 0 {
		o := client.CallOptions{RecordKey: r.record, IdempotencyKey: key, Timeout: w.timeout}
		if w.lookups {
			o.Lookup = byRecord()
		}
		req = client.With(req, o)
	}
	resp, err := w.Send(req)
	if err != nil {
		return err
	}
	if err := finish(ctx, resp); err != nil {
		return errors.Join(err, w.Check(resp)) // what a body that breaks off means
	}
	return nil
}

func (w retrywise) resolved() int { return int(w.known.Load()) }

func (w retrywise) close() {
	_ = w.Close()
	if w.fleet != nil {
		_ = w.fleet.Close()
		_ = w.rdb.Close()
	}
}
