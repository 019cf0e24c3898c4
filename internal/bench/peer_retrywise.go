package main

import (
	"context"
	"net/http"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// retrywise is a Client with its defaults. It is told a limit that is declared and, if the
// vendor's limit answers with another status than 429, that by one rule.
type retrywise struct {
	*client.Client
	setup
}

func newRetrywise(s setup) (caller, error) {
	cfg := client.Config{BaseURL: s.url}
	if s.declared != nil {
		cfg.Policy = new(policy.Default().WithLimit(s.declared.limit()))
	} else if s.refusal != http.StatusTooManyRequests {
		cfg.Policy = new(policy.Default().With(policy.Rule{
			When:  policy.Match{Statuses: []policy.StatusRange{{From: s.refusal, To: s.refusal}}},
			Class: apierrors.RateLimited,
		}))
	}
	c, err := client.New(cfg)
	return retrywise{c, s}, err
}

func (d declared) limit() policy.Limit {
	scope := apierrors.ScopeAccount
	if d.records > 0 {
		scope = apierrors.ScopeRecord
	}
	return policy.Limit{Name: "declared", Scope: scope, Rate: policy.Rate{Count: d.perSecond, Per: time.Second}, Burst: d.burst}
}

func (r retrywise) get(ctx context.Context, record string) error {
	req, err := newRequest(ctx, r.url, record)
	if err != nil {
		return err
	}
	if record != "" {
		req = client.With(req, client.CallOptions{RecordKey: record})
	}
	resp, err := r.Send(req)
	if err != nil {
		return err
	}
	return finish(resp)
}

func (r retrywise) close() { _ = r.Close() }
