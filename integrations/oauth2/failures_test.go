package retrywiseoauth2_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseoauth2 "github.com/retrywise/retrywise/integrations/oauth2"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
	"golang.org/x/oauth2"
)

// A token endpoint that fails is retried, and then the failure is temporary and has its class. One
// that refuses the grant is not asked again, and a person has to act.
func TestTokenFailure(t *testing.T) {
	code := func(code string) string {
		return fmt.Sprintf(`{"error":%q,"error_description":"%s"}`, code, canary)
	}
	weather := func(class apierrors.Class) end { return end{class, apierrors.Retry, true} }
	refusal := end{apierrors.Authentication, apierrors.FailFast, false}
	for name, tt := range map[string]struct {
		answer   retrywisetest.Answer
		requests int // for a token, of a call without retries of its own
		want     end
	}{
		"503":                          {retrywisetest.Text(503, canary), 4, weather(apierrors.ServerError)},
		"500 with a code":              {retrywisetest.JSON(500, code("invalid_grant")), 4, weather(apierrors.ServerError)},
		"504":                          {retrywisetest.HTML(504), 4, weather(apierrors.Timeout)},
		"a connection that is cut":     {retrywisetest.Reset(), 4, weather(apierrors.Network)},
		"a body that is cut":           {retrywisetest.Cut(retrywisetest.JSON(200, `{"access_token":"`+canary+`"}`)), 1, weather(apierrors.Network)},
		"a page in place of a token":   {retrywisetest.HTML(200), 1, weather(apierrors.ServerError)},
		"no token":                     {retrywisetest.JSON(200, "{}"), 1, weather(apierrors.ServerError)},
		"temporarily_unavailable":      {retrywisetest.JSON(400, code("temporarily_unavailable")), 1, weather(apierrors.ServerError)},
		"invalid_grant":                {retrywisetest.JSON(400, code("invalid_grant")), 1, refusal},
		"invalid_client":               {retrywisetest.JSON(401, code("invalid_client"), "WWW-Authenticate", "Basic"), 1, refusal},
		"unauthorized_client":          {retrywisetest.JSON(400, code("unauthorized_client")), 1, refusal},
		"invalid_grant in a 403":       {retrywisetest.JSON(403, code("invalid_grant")), 1, refusal},
		"a code of its own in a 200":   {retrywisetest.JSON(200, code("bad_refresh_token")), 1, refusal},
		"a text as a code":             {retrywisetest.JSON(200, code("no "+canary)), 1, refusal},
		"400 without a code":           {retrywisetest.Text(400, canary), 1, refusal},
		"404":                          {retrywisetest.Status(404), 1, refusal},
		"a redirect to another origin": {retrywisetest.Status(307, "Location", "http://evil.test/token"), 1, refusal},
	} {
		for flow, open := range map[string]func(*testing.T, retrywiseoauth2.Config) *retrywiseoauth2.Auth{"client credentials": credentials, "JWT bearer": asserting} {
			t.Run(name+"/"+flow, func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					answers := make([]retrywisetest.Answer, tt.requests)
					for i := range answers {
						answers[i] = tt.answer
					}
					srv := retrywisetest.New(t, answers...)
					var log strings.Builder
					logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
					cfg := config(srv)
					cfg.Logger = logger
					c := newClient(t, srv, client.Config{Auth: open(t, cfg), Logger: logger})
					err := once(t, c)
					tt.want.check(t, err)
					if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err)+log.String(), canary) {
						t.Errorf("a secret is in %v or %s", err, &log)
					}
				})
			})
		}
	}
}

// An end is how a call ends whose token cannot be renewed.
type end struct {
	class     apierrors.Class
	action    apierrors.Action
	temporary bool
}

func (want end) check(t *testing.T, err error) {
	t.Helper()
	e, ok := errors.AsType[*apierrors.Error](err)
	if !ok {
		t.Fatalf("%v is no *apierrors.Error", err)
	}
	got := end{e.Class, e.Action, apierrors.Temporary(err)}
	if got != want || e.Applied != apierrors.AppliedNo {
		t.Errorf("%+v, applied %v; want %+v, no: %v", got, e.Applied, want, err)
	}
	if _, isTheirs := errors.AsType[*oauth2.RetrieveError](err); isTheirs {
		t.Error("the error has a type of x/oauth2")
	}
}

// once makes a call that does not wait, so that it has one renewal.
func once(t *testing.T, c *client.Client) error {
	t.Helper()
	_, err := client.Do[struct{}](t.Context(), c, client.Call{Path: "/items", Options: client.CallOptions{MaxWait: new(time.Duration(0))}})
	return err
}

// asserting returns an Auth of JWTBearer.
func asserting(t *testing.T, cfg retrywiseoauth2.Config) *retrywiseoauth2.Auth {
	t.Helper()
	_, key := newKey(t)
	cfg.ClientSecret = ""
	return opened(t)(retrywiseoauth2.JWTBearer(cfg, retrywiseoauth2.Assertion{PrivateKey: key}))
}

// A vendor's file explains the failures of its token endpoint.
func TestTokenFailureThatTheVendorExplains(t *testing.T) {
	slack, err := vendors.Lookup(vendors.Slack)
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]end{
		"ratelimited": {apierrors.RateLimited, apierrors.Retry, true}, "internal_error": {apierrors.ServerError, apierrors.Retry, true},
		"invalid_refresh_token": {apierrors.Authentication, apierrors.FailFast, false},
	} {
		t.Run(code, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.JSON(200, `{"ok":false,"error":"`+code+`"}`))
				cfg := config(srv)
				cfg.Vendor, cfg.Store = slack, kept(refresh(0))
				err := once(t, newClient(t, srv, client.Config{Auth: refreshing(t, cfg)}))
				e, _ := errors.AsType[*apierrors.Error](err)
				if got := (end{e.Class, e.Action, apierrors.Temporary(err)}); got.class != want.class || got.temporary != want.temporary {
					t.Errorf("%+v; want %+v: %v", got, want, err)
				}
			})
		})
	}
}

// A pause that the token endpoint asks for is kept if it is short, and otherwise reported.
func TestTokenFailureThatAsksForAPause(t *testing.T) {
	for pause, want := range map[string]time.Duration{"5": 0, "3600": time.Hour} {
		t.Run(pause, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				s := &shop{}
				srv := s.open(t)
				s.fail(retrywisetest.Status(429, "Retry-After", pause))
				c := newClient(t, srv, client.Config{Auth: credentials(t, config(srv))})
				start := time.Now()
				err := once(t, c)
				at, isLater := apierrors.RetryAt(err)
				switch {
				case want == 0:
					if err != nil || time.Since(start) < 5*time.Second || len(s.requests) != 2 {
						t.Errorf("%v after %v and %d requests; want a success after 5s and 2", err, time.Since(start), len(s.requests))
					}
				case apierrors.ClassOf(err) != apierrors.RateLimited || !isLater || at.Sub(start) < want:
					t.Errorf("%v, retry at %v; want rate_limited, in %v", err, at, want)
				}
			})
		})
	}
}

// A failure that passes within the bounds of a token request is not seen.
func TestTokenFailureThatPasses(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		s := &shop{}
		srv := s.open(t)
		s.fail(retrywisetest.Status(503), retrywisetest.Reset(), retrywisetest.Status(500))
		use(t, newClient(t, srv, client.Config{Auth: credentials(t, config(srv))}))
		if len(s.requests) != 4 {
			t.Errorf("%d token requests; want 4", len(s.requests))
		}
	})
}

// A token endpoint that cannot be reached is a network failure.
func TestTokenFailureToConnect(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t)
		cfg := config(srv)
		cfg.Transport = unreachable{}
		end{apierrors.Network, apierrors.Retry, true}.check(t, once(t, newClient(t, srv, client.Config{Auth: credentials(t, cfg)})))
	})
}

type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
}

// A store without a refresh token is a matter for a person.
func TestRefreshTokenIsMissing(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t)
		cfg := config(srv)
		cfg.Store = kept("")
		err := once(t, newClient(t, srv, client.Config{Auth: refreshing(t, cfg)}))
		end{apierrors.Authentication, apierrors.FailFast, false}.check(t, err)
		if !errors.Is(err, client.ErrRefused) {
			t.Errorf("%v; want client.ErrRefused", err)
		}
	})
}

// No verb and no logger shows a secret.
func TestSecretsAreNotPrinted(t *testing.T) {
	_, key := newKey(t)
	cfg := retrywiseoauth2.Config{TokenURL: "https://vendor.test/token?key=" + canary, ClientID: "app", ClientSecret: canary, Store: kept(canary)}
	assertion := retrywiseoauth2.Assertion{Issuer: "app", PrivateKey: key}
	wrong := retrywiseoauth2.Config{TokenURL: "https://app:" + canary + "@vendor.test:port/token", ClientID: "app"} // not a URL
	auth, store := refreshing(t, cfg), retrywiseoauth2.Keep(client.Token{Access: canary, Refresh: canary}, nil)
	_, _ = auth.Apply(context.Background(), &http.Request{Header: http.Header{}})
	var log strings.Builder
	for _, h := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(h).Info("made", "cfg", cfg, "assertion", assertion, "auth", auth, "store", store, "wrong", wrong)
	}
	text := log.String()
	for _, v := range []any{cfg, &cfg, assertion, &assertion, auth, store, wrong, []any{cfg, assertion, auth, store}} {
		text += fmt.Sprintf("%v %+v %#v %s %q %x\n", v, v, v, v, v, v)
	}
	if strings.Contains(text, canary) || strings.Contains(text, fmt.Sprintf("%x", canary)) || strings.Contains(text, "PRIVATE") || strings.Contains(text, "45 45") {
		t.Errorf("printed: %s", text)
	}
	if !strings.Contains(text, `tokens of https://vendor.test/token for client "app"`) {
		t.Errorf("printed: %s; want the endpoint and the client", text)
	}
}
