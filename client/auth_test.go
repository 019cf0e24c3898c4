package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// guarded answers 401 to every token but "new".
func guarded() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer new" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
}

func TestManyCallsWithAnExpiredTokenCauseOneRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, guarded())
		var renewals atomic.Int32
		auth := renewable("old", func(context.Context) (string, error) {
			renewals.Add(1)
			time.Sleep(time.Second) // virtual: everybody has been refused by then
			return "new", nil
		})
		c := newClient(t, srv, client.Config{Auth: auth})
		together(200, func() {
			if _, err := send(t.Context(), t, c, "POST", "/items", "x"); err != nil {
				t.Errorf("call: %v", err)
			}
		})
		if n := renewals.Load(); n != 1 {
			t.Errorf("%d renewals; want 1", n)
		}
	})
}

func TestTheFirstTokenIsFetchedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, guarded())
		var fetched atomic.Int32
		auth := renewable("", func(context.Context) (string, error) {
			time.Sleep(time.Second) // virtual
			fetched.Add(1)
			return "new", nil
		})
		c := newClient(t, srv, client.Config{Auth: auth})
		together(20, func() {
			if _, err := send(t.Context(), t, c, "GET", "/items/7", ""); err != nil {
				t.Errorf("call: %v", err)
			}
		})
		if n := fetched.Load(); n != 1 {
			t.Errorf("fetched %d times; want 1", n)
		}
	})
}

func TestAFirstCallersCancelDoesNotEndTheRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, guarded())
		auth := renewable("old", func(ctx context.Context) (string, error) {
			select {
			case <-time.After(5 * time.Second):
				return "new", nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		})
		c := newClient(t, srv, client.Config{Auth: auth})
		impatient, cancel := context.WithCancel(t.Context())
		var calls sync.WaitGroup
		calls.Go(func() {
			_, err := send(impatient, t, c, "GET", "/items/7", "")
			if !errors.Is(err, context.Canceled) || failure(t, err).Class != apierrors.Canceled {
				t.Errorf("the impatient call: %v", err)
			}
		})
		synctest.Wait() // it is renewing
		calls.Go(func() {
			if _, err := send(t.Context(), t, c, "GET", "/items/7", ""); err != nil {
				t.Errorf("the patient call: %v", err)
			}
		})
		synctest.Wait()
		cancel()
		calls.Wait()
	})
}

func TestARenewalThatFails(t *testing.T) {
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
			synctest.Test(t, func(t *testing.T) {
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

func TestATokenThatIsRefusedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(401), retrywisetest.Status(401))
		c := newClient(t, srv, client.Config{Auth: renewable("old", func(context.Context) (string, error) { return "new", nil })})
		_, err := send(t.Context(), t, c, "GET", "/items/7", "")
		e := failure(t, err)
		if e.Class != apierrors.Authentication || e.Action != apierrors.FailFast || len(e.Attempts) != 2 {
			t.Errorf("class %v, action %v, %d attempts", e.Class, e.Action, len(e.Attempts))
		}
	})
}

func TestAFixedCredentialIsNotRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(401))
		c := newClient(t, srv, client.Config{Auth: client.Bearer("old")})
		_, err := send(t.Context(), t, c, "GET", "/items/7", "")
		if e := failure(t, err); e.Class != apierrors.Authentication || len(e.Attempts) != 1 {
			t.Errorf("class %v, %d attempts", e.Class, len(e.Attempts))
		}
	})
}

// A credential is for the base URL's origin and for nobody else.
func TestACredentialStaysAtItsOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200), retrywisetest.Status(200), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{Auth: client.APIKey("X-Api-Key", "s3cret")})
		for _, target := range []string{"/items/7", "http://elsewhere.test/items/7", "http://vendor.test:8080/items/7"} {
			if _, err := send(t.Context(), t, c, "GET", target, ""); err != nil {
				t.Fatal(err)
			}
		}
		for i, want := range []string{"s3cret", "", ""} {
			if got := srv.Requests()[i].Header.Get("X-Api-Key"); got != want {
				t.Errorf("request %d carried %q; want %q", i+1, got, want)
			}
		}
	})
}

func TestNoVerbPrintsACredential(t *testing.T) {
	for _, auth := range []client.Auth{
		client.Bearer("canary"), client.APIKey("X-Api-Key", "canary"),
		renewable("canary", func(context.Context) (string, error) { return "canary", nil }),
	} {
		c, err := client.New(client.Config{Auth: auth, BaseURL: "https://vendor.test"})
		if err != nil {
			t.Fatal(err)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			if text := fmt.Sprintf(verb, auth) + fmt.Sprintf(verb, c); strings.Contains(text, "canary") {
				t.Errorf("%s prints the credential of %T", verb, auth)
			}
		}
		_ = c.Close()
	}
}

// tokensFrom renews by a POST through a client like ours.
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

// What the token's server says of the token request is not said of the record.
func TestTheTokenServersFailureIsNotTheRecords(t *testing.T) {
	for name, tt := range map[string]struct {
		answer retrywisetest.Answer
		want   apierrors.Class
	}{
		"not found":     {retrywisetest.Status(404), apierrors.Authentication},
		"a refusal":     {retrywisetest.Status(422), apierrors.Authentication},
		"a conflict":    {retrywisetest.Status(409), apierrors.Authentication},
		"wrong secret":  {retrywisetest.Status(401), apierrors.Authentication},
		"down":          {retrywisetest.Status(503), apierrors.ServerError},
		"never answers": {retrywisetest.Hang(), apierrors.Timeout},
	} {
		for _, first := range []string{"", "old"} {
			t.Run(name+", first token "+first, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					renew, _ := tokensFrom(t, tt.answer)
					srv := retrywisetest.Handle(t, guarded())
					once := policy.Default().WithRetry(policy.Retry{MaxElapsed: 1}) // no retry but after the renewal
					c := newClient(t, srv, client.Config{Policy: &once, Auth: renewable(first, renew)})
					_, err := send(t.Context(), t, c, "POST", "/items", "x")
					e := failure(t, err)
					if e.Class != tt.want || e.Action == apierrors.Surface || e.Scope == apierrors.ScopeRecord || e.Applied != apierrors.AppliedNo || e.Stop == apierrors.StopNone {
						t.Errorf("class %v, action %v, scope %v, applied %v, stop %v", e.Class, e.Action, e.Scope, e.Applied, e.Stop)
					}
				})
			})
		}
	}
}

// The options of a record's call are not those of the token request.
func TestTheTokenRequestHasNoneOfTheCallsOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		renew, tokens := tokensFrom(t, retrywisetest.Status(500))
		srv := retrywisetest.Handle(t, guarded())
		c := newClient(t, srv, client.Config{Auth: renewable("old", renew)})
		o := client.CallOptions{Repeatable: true, IdempotencyKey: "record-7", Op: "contacts.upsert"}
		_, _ = send(t.Context(), t, c, "POST", "/items", "x", o)
		if got := tokens.Requests(); len(got) != 1 || got[0].Header.Get("Idempotency-Key") != "" {
			t.Errorf("%d token requests, the first with key %q", len(got), got[0].Header.Get("Idempotency-Key"))
		}
	})
}

// A connection that was had for the token proves nothing of the call.
func TestTheTokensConnectionIsNotTheCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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
			t.Errorf("applied %v, stop %v", e.Applied, e.Stop)
		}
	})
}

// The first token's failure is everybody's, too.
func TestTheFirstTokensFailureIsEverybodys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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

// A call that cannot be repeated still has the credential renewed for the next ones.
func TestAnUploadWithAnExpiredTokenRenewsItForTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, guarded())
		c := newClient(t, srv, client.Config{Auth: renewable("old", func(context.Context) (string, error) { return "new", nil })})
		upload := func() error {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/items", io.MultiReader(strings.NewReader("x")))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.Send(req)
			if err == nil {
				_ = resp.Body.Close()
			}
			return err
		}
		if e := failure(t, upload()); e.Stop != apierrors.StopBodySpent || e.Class != apierrors.TokenExpired {
			t.Errorf("the first: class %v, stop %v", e.Class, e.Stop)
		}
		synctest.Wait()
		if err := upload(); err != nil {
			t.Errorf("the second: %v", err)
		}
	})
}

func TestNoRenewalAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(401))
		c := newClient(t, srv, client.Config{Auth: renewable("old", func(context.Context) (string, error) { return "new", nil })})
		_ = c.Close()
		_, err := send(t.Context(), t, c, "GET", "/items/7", "")
		if e := failure(t, err); e.Class != apierrors.Canceled || e.Stop != apierrors.StopCanceled {
			t.Errorf("class %v, stop %v", e.Class, e.Stop)
		}
	})
}
