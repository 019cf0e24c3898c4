package retrywiseoauth2_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	retrywiseoauth2 "github.com/retrywise/retrywise/integrations/oauth2"
	"github.com/retrywise/retrywise/retrywisetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The secrets of all tests have this in them.
const canary = "s3cr3t"

// A shop is a vendor and its token endpoint. An access token is good until the next one is issued.
// A refresh token is good for one use: a second one revokes all tokens.
type shop struct {
	lifetime time.Duration // of an access token
	silent   bool          // the response does not say it
	forgives bool          // the latest refresh token may be used again, until its successor is used
	takes    time.Duration // a token request

	mu          sync.Mutex
	issued      int
	expires     time.Time
	revoked     bool // the current access token
	reused      int  // refresh tokens that were used twice
	isEnded     bool
	requests    []*http.Request        // for tokens, parsed
	failures    []retrywisetest.Answer // in place of the next token requests, which are not executed
	isDown      bool                   // each token request fails
	lost        bool                   // the next token request is executed, and its response cut off
	rejected    int                    // calls with a token that is not good
	credentials []string               // of calls
}

func access(n int) string  { return fmt.Sprintf("%s-access-%d", canary, n) }
func refresh(n int) string { return fmt.Sprintf("%s-refresh-%d", canary, n) }

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		time.Sleep(s.takes)
		s.token(w, r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.credentials = append(s.credentials, r.Header.Get("Authorization"))
	if r.Header.Get("Authorization") != "Bearer "+access(s.issued) || s.revoked || s.isEnded || !s.expires.IsZero() && time.Now().After(s.expires) {
		s.rejected++
		w.WriteHeader(http.StatusUnauthorized)
	}
}

// token answers a token request.
func (s *shop) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = r.ParseForm()
	s.requests = append(s.requests, r)
	if s.isDown {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if len(s.failures) > 0 {
		answer := s.failures[0]
		s.failures = s.failures[1:]
		answer.ServeHTTP(w, r)
		return
	}
	issues := retrywisetest.Answer(s.issue)
	if s.lost {
		s.lost, issues = false, retrywisetest.Cut(s.issue)
	}
	issues.ServeHTTP(w, r)
}

func (s *shop) issue(w http.ResponseWriter, r *http.Request) {
	if r.Form.Get("grant_type") == "refresh_token" && !s.accepts(r.Form.Get("refresh_token")) {
		retrywisetest.JSON(400, `{"error":"invalid_grant","error_description":"`+canary+`"}`).ServeHTTP(w, r)
		return
	}
	s.issued++
	s.revoked = false
	body := map[string]any{"access_token": access(s.issued), "token_type": "Bearer"}
	if r.Form.Get("grant_type") == "refresh_token" {
		body["refresh_token"] = refresh(s.issued)
	}
	if s.lifetime > 0 {
		s.expires = time.Now().Add(s.lifetime)
	}
	if s.lifetime > 0 && !s.silent {
		body["expires_in"] = int(s.lifetime.Seconds())
	}
	text, _ := json.Marshal(body)
	retrywisetest.JSON(200, string(text)).ServeHTTP(w, r)
}

// accepts reports whether a refresh token is good.
func (s *shop) accepts(token string) bool {
	switch {
	case s.isEnded:
		return false
	case token == refresh(s.issued), s.forgives && token == refresh(s.issued-1):
		return true
	case slices.Contains([]string{refresh(s.issued - 1), refresh(s.issued - 2)}, token):
		s.reused++
		s.isEnded = true
	}
	return false
}

// revoke has the vendor reject the current access token.
func (s *shop) revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = true
}

// setDown has all token requests fail, or none.
func (s *shop) setDown(isDown bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isDown = isDown
}

// fail has the next token requests fail.
func (s *shop) fail(answers ...retrywisetest.Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = answers
}

// open serves the shop.
func (s *shop) open(t *testing.T) *retrywisetest.Server {
	t.Helper()
	return retrywisetest.Handle(t, s)
}

// config returns a Config for the shop.
func config(srv *retrywisetest.Server) retrywiseoauth2.Config {
	return retrywiseoauth2.Config{
		TokenURL: srv.URL() + "/token", ClientID: "app", ClientSecret: canary + "-client", Transport: srv.Transport(),
	}
}

// credentials returns an Auth of ClientCredentials.
func credentials(t *testing.T, cfg retrywiseoauth2.Config) *retrywiseoauth2.Auth {
	t.Helper()
	return opened(t)(retrywiseoauth2.ClientCredentials(cfg))
}

// refreshing returns an Auth of RefreshToken.
func refreshing(t *testing.T, cfg retrywiseoauth2.Config) *retrywiseoauth2.Auth {
	t.Helper()
	return opened(t)(retrywiseoauth2.RefreshToken(cfg))
}

// opened closes an Auth at the end of the test.
func opened(t *testing.T) func(*retrywiseoauth2.Auth, error) *retrywiseoauth2.Auth {
	t.Helper()
	return func(a *retrywiseoauth2.Auth, err error) *retrywiseoauth2.Auth {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = a.Close() })
		return a
	}
}

// newClient returns a Client of the shop.
func newClient(t *testing.T, srv *retrywisetest.Server, cfg client.Config) *client.Client {
	t.Helper()
	cfg.BaseURL, cfg.Transport = srv.URL(), srv.Transport()
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// get makes a call.
func get(t *testing.T, c *client.Client) error {
	t.Helper()
	_, err := client.Do[struct{}](t.Context(), c, client.Call{Path: "/items"})
	return err
}

// use makes a call that succeeds.
func use(t *testing.T, c *client.Client) {
	t.Helper()
	if err := get(t, c); err != nil {
		t.Fatal(err)
	}
}
