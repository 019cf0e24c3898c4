package retrywiseoauth2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/retrywise/retrywise/client"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// An Auth is a client.Auth whose tokens come from a token endpoint. Call Close when it is no longer
// used. Printing it shows no secret.
type Auth struct {
	auth   client.Auth
	header string // in which the API takes the token; empty: Authorization
	tokens *endpoint
	about  string
}

// ClientCredentials returns an Auth for a program that acts for itself (RFC 6749, section 4.4). The
// error lists all problems of cfg.
func ClientCredentials(cfg Config) (*Auth, error) {
	return newAuth(cfg, func(e *endpoint) flow {
		c := &clientcredentials.Config{
			ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, TokenURL: e.URL, Scopes: e.scopes(cfg.Scopes), AuthStyle: e.style(),
		}
		return func(ctx context.Context, _ client.Token) (*oauth2.Token, error) { return c.Token(ctx) }
	}, required("ClientID", cfg.ClientID), required("ClientSecret", cfg.ClientSecret))
}

// RefreshToken returns an Auth for a program that acts for a user, who has authorized it elsewhere
// (RFC 6749, section 6). cfg.Store has the refresh token that came of it. A refresh token that
// replaces it is saved before its access token is used. The error lists all problems of cfg.
func RefreshToken(cfg Config) (*Auth, error) {
	problems := []error{required("ClientID", cfg.ClientID)}
	if cfg.Store == nil {
		problems = append(problems, wrong("Store", "it is missing, and has the refresh token"))
	}
	if e, err := cfg.endpoint(); err == nil && e.Rotates != nil && *e.Rotates && isForgetful(cfg.Store) {
		problems = append(problems, wrong("Store", "the vendor's refresh tokens are good for one use, so Keep needs a function that saves the next one"))
	}
	if cfg.Scopes != nil {
		problems = append(problems, wrong("Scopes", "they have no effect, as the user has granted them; if the vendor wants them again, use Params"))
	}
	return newAuth(cfg, func(e *endpoint) flow {
		c := &oauth2.Config{
			ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, Endpoint: oauth2.Endpoint{TokenURL: e.URL, AuthStyle: e.style()},
		}
		return func(ctx context.Context, old client.Token) (*oauth2.Token, error) {
			if old.Refresh == "" {
				return nil, errNoRefreshToken
			}
			return c.TokenSource(ctx, &oauth2.Token{RefreshToken: old.Refresh}).Token()
		}
	}, problems...)
}

var errNoRefreshToken = fmt.Errorf("%w: the store has no refresh token", client.ErrRefused)

// newAuth returns an Auth whose tokens come from a flow.
func newAuth(cfg Config, flowOf func(*endpoint) flow, problems ...error) (*Auth, error) {
	e, err := newEndpoint(cfg)
	if err := errors.Join(append(append(problems, cfg.problems()...), err)...); err != nil {
		return nil, fmt.Errorf("retrywiseoauth2: %w", err)
	}
	store := cfg.Store
	if store == nil {
		store = Keep(client.Token{}, nil)
	}
	e.flow = flowOf(e)
	return &Auth{auth: client.StoredBearer(store, e.renew), header: e.Header, tokens: e, about: cfg.describe()}, nil
}

func required(field, value string) error {
	if value == "" {
		return wrong(field, "it is missing")
	}
	return nil
}

// wrong is what is wrong with a field of a Config or an Assertion.
func wrong(field, problem string) error { return fmt.Errorf("%s: %s", field, problem) }

// Apply implements client.Auth.
func (a *Auth) Apply(ctx context.Context, req *http.Request) (identity string, err error) {
	identity, err = a.auth.Apply(ctx, req)
	if a.header != "" && !errors.Is(err, client.ErrNoCredential) {
		req.Header.Set(a.header, strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer "))
		req.Header.Del("Authorization")
	}
	return identity, err
}

// Refresh implements client.Auth.
func (a *Auth) Refresh(ctx context.Context, rejected string) error {
	return a.auth.Refresh(ctx, rejected)
}

// Close closes the connections to the token endpoint. Close the Clients before. The error is always
// nil.
func (a *Auth) Close() error { return a.tokens.client.Close() }

// Format prints the token endpoint and the id of the client, and no secret.
func (a *Auth) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, a.about) }
