package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

func TestRenewalFailure(t *testing.T) {
	unreachable := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	for name, tt := range map[string]struct {
		err       error
		class     apierrors.Class
		refusal   apierrors.Class // the vendor's answer, which is not lost
		action    apierrors.Action
		temporary bool
	}{
		"refused":                    {fmt.Errorf("refresh token revoked: %w", client.ErrRefused), apierrors.Authentication, apierrors.Authentication, apierrors.FailFast, false},
		"refused, by its OAuth code": {errors.New(`oauth2: "invalid_grant" "Token has been expired or revoked."`), apierrors.Authentication, apierrors.Authentication, apierrors.FailFast, false},
		"cut off":                    {io.EOF, apierrors.Network, apierrors.TokenExpired, apierrors.Retry, true},
		"for an unknown reason":      {errors.New("token: status 503"), apierrors.ServerError, apierrors.TokenExpired, apierrors.Retry, true},
		"a page in place of a token": {&apierrors.Error{Class: apierrors.MalformedResponse, Action: apierrors.Retry}, apierrors.ServerError, apierrors.TokenExpired, apierrors.Retry, true},
		"server out of reach":        {unreachable, apierrors.Network, apierrors.TokenExpired, apierrors.Retry, true},
		"too slow":                   {context.DeadlineExceeded, apierrors.Timeout, apierrors.TokenExpired, apierrors.Retry, true},
		"told by a client like ours": {&apierrors.Error{Class: apierrors.ServerError, Action: apierrors.Retry, Stop: apierrors.StopAttempts}, apierrors.ServerError, apierrors.TokenExpired, apierrors.Retry, true},
		"wrong client credentials":   {&apierrors.Error{Class: apierrors.Authentication, Action: apierrors.FailFast}, apierrors.Authentication, apierrors.Authentication, apierrors.FailFast, false},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, guarded())
				var renewals atomic.Int32
				auth := renewable("old", func(context.Context) (string, error) {
					renewals.Add(1)
					return "", tt.err
				})
				c := newClient(t, srv, client.Config{Auth: auth})
				for range 5 {
					_, err := send(t.Context(), t, c, "POST", "/items", "x")
					e := failure(t, err)
					if e.Class != tt.class || e.Action != tt.action || !errors.Is(err, tt.refusal) || e.Applied != apierrors.AppliedNo || apierrors.Temporary(err) != tt.temporary {
						t.Errorf("class %v, action %v, status %d, applied %v, temporary %v", e.Class, e.Action, e.Status, e.Applied, apierrors.Temporary(err))
					}
					if !errors.Is(err, tt.err) {
						t.Errorf("the renewal's failure is lost: %v", e.Err)
					}
				}
				if n := renewals.Load(); n != 1 {
					t.Errorf("%d renewals; want 1: a failure is everybody's", n)
				}
				time.Sleep(time.Minute) // virtual: the failure is forgotten
				_, _ = send(t.Context(), t, c, "POST", "/items", "x")
				if n := renewals.Load(); n != 2 {
					t.Errorf("%d renewals a minute later; want 2", n)
				}
			})
		})
	}
}

// What a renewal's failure says of the call that needs it: its class, and when to come back.
func TestRenewalFailureClass(t *testing.T) {
	for told, want := range map[apierrors.Class]apierrors.Class{
		apierrors.Permission: apierrors.Permission, apierrors.Configuration: apierrors.Configuration,
		apierrors.QuotaExceeded: apierrors.QuotaExceeded, apierrors.LimitReached: apierrors.LimitReached,
		apierrors.ServerError: apierrors.ServerError, apierrors.Network: apierrors.Network, apierrors.Timeout: apierrors.Timeout,
		apierrors.Canceled: apierrors.Timeout, apierrors.NotFound: apierrors.Authentication, apierrors.Validation: apierrors.Authentication,
	} {
		t.Run(told.String(), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				once := policy.Default().WithRetry(policy.Retry{MaxAttempts: 1})
				c := newClient(t, retrywisetest.New(t), client.Config{Policy: &once, Auth: renewable("", func(context.Context) (string, error) {
					return "", &apierrors.Error{Class: told}
				})})
				_, err := send(t.Context(), t, c, "GET", "/items", "")
				if got := apierrors.ClassOf(err); got != want {
					t.Errorf("class %v; want %v", got, want)
				}
			})
		})
	}
	for wait, want := range map[time.Duration]time.Duration{time.Hour: time.Hour, -time.Hour: 0} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			at := time.Now().Add(wait)
			c := newClient(t, retrywisetest.New(t), client.Config{Auth: renewable("", func(context.Context) (string, error) {
				return "", &apierrors.Error{Class: apierrors.QuotaExceeded, RetryAt: at}
			})})
			began := time.Now()
			_, err := send(t.Context(), t, c, "GET", "/items", "")
			e := failure(t, err)
			if got := e.RetryAt; (want == 0) != got.IsZero() || want != 0 && !got.Equal(began.Add(want)) {
				t.Errorf("retry at %v; want in %v", got, want)
			}
		})
	}
}

// The first token's failure is everybody's, too.
func TestRenewalFailureIsThatOfAllCalls(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t)
		var asked atomic.Int32
		c := newClient(t, srv, client.Config{Auth: renewable("", func(context.Context) (string, error) {
			asked.Add(1)
			time.Sleep(time.Second) // virtual
			return "", fmt.Errorf("wrong secret: %w", client.ErrRefused)
		})})
		began := time.Now()
		together(50, func() {
			_, err := send(t.Context(), t, c, "POST", "/items", "x")
			if e := failure(t, err); e.Class != apierrors.Authentication || e.Action != apierrors.FailFast {
				t.Errorf("class %v, action %v", e.Class, e.Action)
			}
		})
		if asked.Load() != 1 || time.Since(began) != time.Second {
			t.Errorf("asked %d times in %v; want once in 1s", asked.Load(), time.Since(began))
		}
	})
}
