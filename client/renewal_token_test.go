package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// tokensFrom returns a renewal by a POST of another Client, and the token server.
func tokensFrom(t testing.TB, answers ...retrywisetest.Answer) (func(context.Context) (string, error), *retrywisetest.Server) {
	t.Helper()
	srv := retrywisetest.New(t, answers...)
	login := newClient(t, srv, client.Config{})
	return func(ctx context.Context) (string, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "/token", strings.NewReader("refresh_token=x"))
		if err != nil {
			return "", err
		}
		resp, err := login.Send(req)
		if err != nil {
			return "", err
		}
		return "new", resp.Body.Close()
	}, srv
}

// A failure of the token server is not one of the record: it is not surfaced.
func TestRenewalFailureOfTheTokenServer(t *testing.T) {
	for name, tt := range map[string]struct {
		answer retrywisetest.Answer
		want   apierrors.Class
	}{
		"not found":    {retrywisetest.Status(404), apierrors.Authentication},
		"validation":   {retrywisetest.Status(422), apierrors.Authentication},
		"conflict":     {retrywisetest.Status(409), apierrors.Authentication},
		"unauthorized": {retrywisetest.Status(401), apierrors.Authentication},
		"unavailable":  {retrywisetest.Status(503), apierrors.ServerError},
		"no response":  {retrywisetest.Hang(), apierrors.Timeout},
	} {
		for _, first := range []string{"", "old"} {
			t.Run(name+", first token "+first, func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					renew, _ := tokensFrom(t, tt.answer)
					srv := retrywisetest.Handle(t, guarded())
					once := policy.Default().WithRetry(policy.Retry{MaxElapsed: 1}) // only the retry after the renewal
					c := newClient(t, srv, client.Config{Policy: &once, Auth: renewable(first, renew)})
					_, err := send(t.Context(), t, c, "POST", "/items", "x")
					e := failure(t, err)
					if e.Class != tt.want || e.Action == apierrors.Surface || e.Scope == apierrors.ScopeRecord || e.Applied != apierrors.AppliedNo || e.Stop == apierrors.StopNone {
						t.Errorf("class %v, action %v, scope %v, applied %v, stop %v; want %v, not surface, not record, no, any stop",
							e.Class, e.Action, e.Scope, e.Applied, e.Stop, tt.want)
					}
				})
			})
		}
	}
}

// The token request does not inherit the options of the call that needs the token.
func TestRenewalDoesNotInheritCallOptions(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		renew, tokens := tokensFrom(t, retrywisetest.Status(500))
		srv := retrywisetest.Handle(t, guarded())
		c := newClient(t, srv, client.Config{Auth: renewable("old", renew)})
		o := client.CallOptions{Repeatable: true, IdempotencyKey: "record-7", Op: "contacts.upsert"}
		_, _ = send(t.Context(), t, c, "POST", "/items", "x", o)
		if got := tokens.Requests(); len(got) != 1 || got[0].Header.Get("Idempotency-Key") != "" {
			t.Errorf("token requests %+v; want one without Idempotency-Key", got)
		}
	})
}

// The connection to the token server is not taken for one of the call.
func TestRenewalConnectionProvesNothing(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		tokens := retrywisetest.New(t, retrywisetest.Status(200))
		srv := retrywisetest.New(t)
		refused := failing(srv, 99, &net.OpError{Op: "dial", Err: errors.New("connection refused")})
		auth := renewable("", func(ctx context.Context) (string, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, tokens.URL(), nil)
			if err != nil {
				return "", err
			}
			resp, err := tokens.Transport().RoundTrip(req)
			if err != nil {
				return "", err
			}
			return "new", resp.Body.Close()
		})
		c := newClient(t, srv, client.Config{Transport: refused, Auth: auth})
		_, err := send(t.Context(), t, c, "POST", "/items", "x")
		if e := failure(t, err); e.Applied != apierrors.AppliedNo || e.Stop != apierrors.StopAttempts {
			t.Errorf("applied %v, stop %v; want no, attempts", e.Applied, e.Stop)
		}
	})
}

// A token is renewed shortly before it expires, so that a body that can be read only once is
// not spent on a 401.
func TestRenewalBeforeTheTokenExpires(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(200))
		n := 0
		auth := client.RenewableBearer("", func(context.Context) (string, time.Time, error) {
			n++
			return fmt.Sprint("token-", n), time.Now().Add(time.Hour), nil
		})
		c := newClient(t, srv, client.Config{Auth: auth})
		var got []string
		for _, pause := range []time.Duration{0, time.Hour - 11*time.Second, time.Second, time.Hour} {
			time.Sleep(pause) // virtual
			if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
				t.Fatal(err)
			}
			all := srv.Requests()
			got = append(got, all[len(all)-1].Header.Get("Authorization"))
		}
		want := []string{"Bearer token-1", "Bearer token-1", "Bearer token-2", "Bearer token-3"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("tokens (-want +got):\n%s", diff)
		}
	})
}

// A token that has already expired is used, as there is no better one. One that is valid for
// some seconds is used for half of them.
func TestRenewalOfShortLivedTokens(t *testing.T) {
	for life, want := range map[time.Duration]int{-time.Hour: 1, 8 * time.Second: 3, time.Minute: 1} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv, renewals := retrywisetest.Handle(t, retrywisetest.Status(200)), 0
			c := newClient(t, srv, client.Config{Auth: client.RenewableBearer("", func(context.Context) (string, time.Time, error) {
				renewals++
				return "token", time.Now().Add(life), nil
			})})
			for range 10 {
				if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second) // virtual
			}
			if renewals != want {
				t.Errorf("tokens that expire in %v: %d renewals in 10s; want %d", life, renewals, want)
			}
		})
	}
}
