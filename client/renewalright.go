package client

import (
	"context"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/traffic"
)

const (
	claimAgain  = time.Second / 4 // until the right to renew is asked for again
	unsavedHold = time.Minute     // how long nobody else renews a token whose successor is to be saved
)

// claim waits for the right to renew. Another process may have it: then Refresh finds the
// credential that this one has renewed, or renews it again.
func (r *renewals) claim(ctx context.Context, right traffic.Renewal) error {
	if r.isUnsaved(right.Rejected) {
		return nil
	}
	for {
		wait := r.c.traffic.BeginRenewal(ctx, time.Now(), right)
		if wait <= 0 {
			return nil
		}
		again := time.NewTimer(min(wait, claimAgain))
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return renewedElsewhere(wait)
		}
	}
}

// renewedElsewhere returns the error for a credential that somebody else is renewing.
func renewedElsewhere(wait time.Duration) error {
	return &apierrors.Error{
		Class: apierrors.Timeout, Action: apierrors.Defer, Stop: apierrors.StopMaxWait, Scope: apierrors.ScopeAccount,
		Summary: "the credential is being renewed elsewhere", RetryAt: time.Now().Add(wait), Applied: apierrors.AppliedNo,
	}
}

// isUnsaved reports whether there is a new token that is still to be saved.
func (r *renewals) isUnsaved(rejected string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.unsaved[rejected]
}

// saveLater runs the renewal again whose token is still to be saved. That may be its last copy.
func (r *renewals) saveLater(rejected string) {
	again := time.NewTimer(failureMemory)
	defer again.Stop()
	select {
	case <-again.C:
		r.start(r.ctx, rejected)
	case <-r.ctx.Done():
	}
}
