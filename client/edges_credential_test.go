package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A credential that the vendor says back as a code is none, wherever it was on the
// request; what is too short to be one stays.
func TestACredentialSaidBack(t *testing.T) {
	const secret = "12345678"
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	query := func(name string) func(*http.Request) {
		return func(r *http.Request) { r.URL.RawQuery = name + "=" + secret }
	}
	for name, tt := range map[string]struct {
		put  func(*http.Request)
		says string
		code string
	}{
		"a key in the query":       {query("API_KEY"), secret, ""},
		"a token in the query":     {query("accessToken"), secret, ""},
		"a secret in the query":    {query("client_secret"), secret, ""},
		"a password in the query":  {query("password"), secret, ""},
		"a signature":              {query("X-Amz-Signature"), secret, ""},
		"a secret in two words":    {query("clientSecret"), secret, ""},
		"what is no credential":    {query("page"), secret, secret},
		"a password":               {func(r *http.Request) { r.URL.User = url.UserPassword("u", secret) }, secret, ""},
		"a bearer token":           {header("Authorization", "Bearer "+secret), secret, ""},
		"a key":                    {header("X-Api-Key", secret), secret, ""},
		"a cookie":                 {header("Cookie", secret), secret, ""},
		"inside of a word":         {header("X-Api-Key", secret), "E." + secret, ""},
		"seven characters":         {header("X-Api-Key", secret[:7]), secret[:7], secret[:7]},
		"the client's own":         {func(*http.Request) {}, "0wn-cr3dential", ""},
		"the idempotency key":      {func(*http.Request) {}, "1dempotent", ""},
		"another header than ours": {header("X-Trace", secret), secret, secret},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(422, "X-Code", tt.says, "X-Request-Id", tt.says))
				c := newClient(t, srv, client.Config{Auth: client.APIKey("X-Shop-Key", "0wn-cr3dential")})
				req := newRequest(t, "PUT", srv.URL()+"/items/7", "x")
				tt.put(req)
				req = client.With(req, client.CallOptions{IdempotencyKey: "1dempotent"})
				_, err := c.Send(req) //nolint:bodyclose // there is no answer beside an error
				if e := failure(t, err); e.Code != tt.code || e.RequestID != tt.code {
					t.Errorf("code %q, request id %q; want %q", e.Code, e.RequestID, tt.code)
				}
			})
		})
	}
}

// keeper is a vendor that gives the same failure each time.
type keeper struct {
	shop
	failure *policy.Failure
}

func (k keeper) Decode(policy.Answer) *policy.Failure { return k.failure }

// The call's options are not those of what its credential does.
func TestACredentialHasOptionsOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200), retrywisetest.Status(200))
		var seen events
		login := newClient(t, srv, client.Config{Observer: seen.observer()})
		c := newClient(t, srv, client.Config{Auth: calling{login, t}})
		if _, err := send(t.Context(), t, c, "PUT", "/items/7", "", client.CallOptions{Op: "items.put"}); err != nil {
			t.Fatal(err)
		}
		if got := seen.calls; len(got) != 1 || got[0].Op != "" {
			t.Errorf("the login told %+v", got)
		}
	})
}

// Through HTTP(), a caller that gives up while a token is renewed has no answer.
func TestACancelDuringARenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(401))
		c := newClient(t, srv, client.Config{Auth: renewable("old", func(ctx context.Context) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		})})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		resp, err := c.HTTP().Do(newRequest(t, "GET", srv.URL()+"/items", "").WithContext(ctx))
		if err == nil {
			_ = resp.Body.Close()
			t.Fatalf("an answer of status %d", resp.StatusCode)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// What a renewal's failure says of the call that needs it: its class, and when to come back.
func TestWhatARenewalsFailureSays(t *testing.T) {
	for told, want := range map[apierrors.Class]apierrors.Class{
		apierrors.Permission: apierrors.Permission, apierrors.Configuration: apierrors.Configuration,
		apierrors.QuotaExceeded: apierrors.QuotaExceeded, apierrors.LimitReached: apierrors.LimitReached,
		apierrors.ServerError: apierrors.ServerError, apierrors.Network: apierrors.Network, apierrors.Timeout: apierrors.Timeout,
		apierrors.Canceled: apierrors.Timeout, apierrors.NotFound: apierrors.Authentication, apierrors.Validation: apierrors.Authentication,
	} {
		t.Run(told.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
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
		synctest.Test(t, func(t *testing.T) {
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
