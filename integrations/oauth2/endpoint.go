package retrywiseoauth2

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
	"golang.org/x/oauth2"
)

// A flow gets a token in place of the old one. The context has the http.Client of the request.
type flow func(ctx context.Context, old client.Token) (*oauth2.Token, error)

// An endpoint is a token endpoint, and the Client that calls it.
type endpoint struct {
	vendors.TokenEndpoint
	params url.Values
	client *client.Client
	flow   flow
}

// bounds are those of a token request. A Client gives a renewal 30 s. A slow response is waited for
// rather than asked for again, as it may have a refresh token that is good for one use.
func bounds() policy.Retry {
	return policy.Retry{MaxAttempts: 4, MaxElapsed: 15 * time.Second, MaxWait: new(10 * time.Second), AttemptTimeout: 25 * time.Second}
}

func newEndpoint(cfg Config) (*endpoint, error) {
	at, err := cfg.endpoint()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(at.URL)
	if err != nil {
		return nil, err
	}
	settings := client.Config{
		BaseURL: u.Scheme + "://" + u.Host, Transport: cfg.Transport, Traffic: cfg.Traffic, Logger: cfg.Logger,
		Account: "tokens of " + at.URL, // whose pauses are not those of the API
	}
	p := policy.Default()
	if cfg.Vendor != nil {
		settings.Vendor, p = cfg.Vendor, cfg.Vendor.Policy()
	}
	p = p.WithRetry(bounds())
	settings.Policy = &p
	c, err := client.New(settings)
	if err != nil {
		return nil, err
	}
	return &endpoint{TokenEndpoint: at, params: cfg.Params, client: c}, nil
}

// scopes joins scopes as the endpoint expects them: x/oauth2 knows spaces alone.
func (e *endpoint) scopes(scopes []string) []string {
	if scopes == nil {
		return nil
	}
	return []string{strings.Join(scopes, e.ScopeSeparator)}
}

// style says where the client's secret goes. x/oauth2 would find it out by a second request, and so
// use a refresh token twice.
func (e *endpoint) style() oauth2.AuthStyle {
	if e.InBody {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader
}

// renew gets a token in place of the old one. The flow begins anew each time, so it has no token that
// it could return again.
func (e *endpoint) renew(ctx context.Context, old client.Token) (client.Token, error) {
	x := &exchange{ctx: ctx, endpoint: e}
	through := &http.Client{Transport: x, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	token, err := e.flow(context.WithValue(ctx, oauth2.HTTPClient, through), old)
	switch {
	case errors.Is(err, errNoRefreshToken):
		return client.Token{}, err
	case err != nil || token.AccessToken == "":
		return client.Token{}, x.failure(codeOf(token, err)) //nolint:contextcheck // client.Check only looks at what has ended
	}
	if token.Expiry.IsZero() && e.Lifetime > 0 {
		token.Expiry = time.Now().Add(e.Lifetime)
	}
	return client.Token{Access: token.AccessToken, Refresh: token.RefreshToken, Expires: token.Expiry}, nil
}
