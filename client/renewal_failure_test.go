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

// The failure of a renewal is that of all calls that need the token, until it is forgotten.
// Only a refusal is final.
func TestRenewalFailure(t *testing.T) {
	unreachable := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	for name, tt := range map[string]struct {
		err       error
		class     apierrors.Class
		rejection apierrors.Class // of the vendor's response, which the error wraps
		action    apierrors.Action
		temporary bool
	}{
		"refusal":                  {fmt.Errorf("refresh token revoked: %w", client.ErrRefused), apierrors.Authentication, apierrors.Authentication, apierrors.FailFast, false},
		"refusal by an OAuth code": {errors.New(`oauth2: "invalid_grant" "Token has been expired or revoked."`), apierrors.Authentication, apierrors.Authentication, apierrors.FailFast, false},
		"connection closed":        {io.EOF, apierrors.Network, apierrors.TokenExpired, apierrors.Retry, true},
		"unknown error":            {errors.New("token: status 503"), apierrors.ServerError, apierrors.TokenExpired, apierrors.Retry, true},
		"malformed response":       {&apierrors.Error{Class: apierrors.MalformedResponse, Action: apierrors.Retry}, apierrors.ServerError, apierrors.TokenExpired, apierrors.Retry, true},
		"connection refused":       {unreachable, apierrors.Network, apierrors.TokenExpired, apierrors.Retry, true},
		"deadline exceeded":        {context.DeadlineExceeded, apierrors.Timeout, apierrors.TokenExpired, apierrors.Retry, true},
		"server error":             {&apierrors.Error{Class: apierrors.ServerError, Action: apierrors.Retry, Stop: apierrors.StopAttempts}, apierrors.ServerError, apierrors.TokenExpired, apierrors.Retry, true},
		"wrong client credentials": {&apierrors.Error{Class: apierrors.Authentication, Action: apierrors.FailFast}, apierrors.Authentication, apierrors.Authentication, apierrors.FailFast, false},
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
					if e.Class != tt.class || e.Action != tt.action || !errors.Is(err, tt.rejection) || e.Applied != apierrors.AppliedNo || apierrors.Temporary(err) != tt.temporary {
						t.Errorf("class %v, action %v, applied %v, temporary %v; want %v, %v, no, %v, because of %v: %v",
							e.Class, e.Action, e.Applied, apierrors.Temporary(err), tt.class, tt.action, tt.temporary, tt.rejection, err)
					}
					if !errors.Is(err, tt.err) {
						t.Errorf("the error wraps %v; want %v", e.Err, tt.err)
					}
				}
				if n := renewals.Load(); n != 1 {
					t.Errorf("5 calls made %d renewals; want 1", n)
				}
				time.Sleep(time.Minute) // virtual: the failure is forgotten by then
				_, _ = send(t.Context(), t, c, "POST", "/items", "x")
				if n := renewals.Load(); n != 2 {
					t.Errorf("%d renewals after a minute; want 2", n)
				}
			})
		})
	}
}

// The class of a renewal's failure, and the class and RetryAt of the call that needs the
// token.
func TestRenewalFailureClass(t *testing.T) {
	for renewal, want := range map[apierrors.Class]apierrors.Class{
		apierrors.Permission: apierrors.Permission, apierrors.Configuration: apierrors.Configuration,
		apierrors.QuotaExceeded: apierrors.QuotaExceeded, apierrors.LimitReached: apierrors.LimitReached,
		apierrors.ServerError: apierrors.ServerError, apierrors.Network: apierrors.Network, apierrors.Timeout: apierrors.Timeout,
		apierrors.Canceled: apierrors.Timeout, apierrors.NotFound: apierrors.Authentication, apierrors.Validation: apierrors.Authentication,
	} {
		t.Run(renewal.String(), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				once := policy.Default().WithRetry(policy.Retry{MaxAttempts: 1})
				c := newClient(t, retrywisetest.New(t), client.Config{Policy: &once, Auth: renewable("", func(context.Context) (string, error) {
					return "", &apierrors.Error{Class: renewal}
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
			start := time.Now()
			_, err := send(t.Context(), t, c, "GET", "/items", "")
			e := failure(t, err)
			if got := e.RetryAt; (want == 0) != got.IsZero() || want != 0 && !got.Equal(start.Add(want)) {
				t.Errorf("retry at %v; want in %v from %v", got, want, start)
			}
		})
	}
}

// So is the failure to fetch the first token.
func TestRenewalFailureIsThatOfAllCalls(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t)
		var renewals atomic.Int32
		c := newClient(t, srv, client.Config{Auth: renewable("", func(context.Context) (string, error) {
			renewals.Add(1)
			time.Sleep(time.Second) // virtual
			return "", fmt.Errorf("wrong secret: %w", client.ErrRefused)
		})})
		start := time.Now()
		together(50, func() {
			_, err := send(t.Context(), t, c, "POST", "/items", "x")
			if e := failure(t, err); e.Class != apierrors.Authentication || e.Action != apierrors.FailFast {
				t.Errorf("class %v, action %v; want authentication, fail_fast", e.Class, e.Action)
			}
		})
		if renewals.Load() != 1 || time.Since(start) != time.Second {
			t.Errorf("%d renewals in %v; want 1 in 1s", renewals.Load(), time.Since(start))
		}
	})
}
