package fake

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// tokens are the tokens of a fake, and until when each is valid.
type tokens struct {
	issued int
	until  map[string]time.Time
}

// Token returns a new token, which is valid for Options.TokenLifetime beside earlier ones, and
// when it expires; zero: never. It fits client.RenewableBearer. A token request of OAuth 2.0 that
// arrives by the fake's transport gets one, too; Server.Requests has it, with its secrets. The
// error is nil.
func (a *API) Token(context.Context) (token string, expires time.Time, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tokens.issued++
	token = fmt.Sprintf("token-%04d-of-%s", a.tokens.issued, a.vendor.Name())
	if a.tokens.until == nil {
		a.tokens.until = map[string]time.Time{}
	}
	if a.options.TokenLifetime > 0 {
		expires = time.Now().Add(a.options.TokenLifetime)
		a.tokens.until[token] = expires
	}
	return token, expires, nil
}

// isForToken reports whether a request asks for a token of OAuth 2.0 (RFC 6749, section 4), on
// whatever host: it has a grant_type, in a form or, for some vendors, in a JSON object.
func isForToken(r *http.Request, body []byte) bool {
	if r.Method != http.MethodPost {
		return false
	}
	switch kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind {
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		return err == nil && form.Has("grant_type")
	case "application/json":
		_, ok := answer.TextAt(body, "grant_type")
		return ok
	default:
		return false
	}
}

// issue responds to a token request, whoever asks (RFC 6749, section 5.1).
func (a *API) issue(w http.ResponseWriter, r *http.Request) {
	token, expires, _ := a.Token(r.Context())
	said := map[string]any{"access_token": token, "token_type": "Bearer"}
	endpoint, _ := a.vendor.TokenEndpoint(nil) // of which no URL is needed
	if !expires.IsZero() && !endpoint.NoExpiresIn {
		said["expires_in"] = int(time.Until(expires).Seconds())
	}
	if endpoint.Rotates != nil && *endpoint.Rotates {
		said["refresh_token"] = "refresh-" + token
	}
	text, _ := json.Marshal(said) // made of texts and numbers
	write(w, policy.Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: text})
}

// Renewals returns how many tokens were issued, by Token and for token requests.
func (a *API) Renewals() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tokens.issued
}

// Revoke ends all tokens before their time.
func (a *API) Revoke() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.tokens.until)
}

// hasToken reports whether a request has a valid token, in any header or in its query, or needs
// none.
func (a *API) hasToken(r *http.Request) bool {
	if a.options.TokenLifetime == 0 {
		return true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	sent := []string{r.URL.RawQuery}
	for _, values := range r.Header {
		sent = append(sent, values...)
	}
	for token, until := range a.tokens.until {
		for _, text := range sent {
			if strings.Contains(text, token) && time.Now().Before(until) {
				return true
			}
		}
	}
	return false
}
