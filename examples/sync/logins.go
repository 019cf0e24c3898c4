package main

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/internal/testserver"
)

// A token is the response to a login.
type token struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"` // seconds; 0: unknown
}

// expires returns when the token expires if it was issued at issued; zero: unknown.
func (t token) expires(issued time.Time) time.Time {
	if t.ExpiresIn == 0 {
		return time.Time{}
	}
	return issued.Add(time.Duration(t.ExpiresIn) * time.Second)
}

// bearer returns a token that login fetches: before the first request, when the token
// expires, and when the vendor rejects it.
func (cs *clients) bearer(vendor string, login client.Call) client.Auth {
	c := cs.connect(vendor, unchanged, nil)
	return client.RenewableBearer("", func(ctx context.Context) (string, time.Time, error) {
		t, err := client.Do[token](ctx, c, login)
		return t.AccessToken, t.expires(time.Now()), err
	})
}

// loginOptions returns the options of a login. A second token does no harm.
func loginOptions() client.CallOptions {
	return client.CallOptions{Op: "token.renew", Repeatable: true}
}

func rdstationLogin() client.Call {
	return client.Call{
		Method: http.MethodPost,
		Path:   "/auth/token",
		Body: map[string]string{ // JSON
			"client_id":     testserver.ClientID,
			"client_secret": testserver.ClientSecret,
			"refresh_token": testserver.RefreshToken,
		},
		Options: loginOptions(),
	}
}

func playableLogin() client.Call {
	return client.Call{
		Method: http.MethodPost,
		Path:   "/oauth/token",
		Body: map[string]string{
			"grant_type":    "client_credentials",
			"client_id":     testserver.PlayableClientID,
			"client_secret": testserver.PlayableClientSecret,
		},
		Options: loginOptions(),
	}
}

func customergaugeLogin() client.Call {
	return client.Call{
		Method: http.MethodPost,
		Path:   "/oauth2/token",
		Body: url.Values{ // a form
			"grant_type":    {"client_credentials"},
			"client_id":     {testserver.CustomerGaugeClientID},
			"client_secret": {testserver.CustomerGaugeClientSecret},
		},
		Options: loginOptions(),
	}
}
