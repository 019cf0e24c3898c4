package fake

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// tokens are the tokens of a fake, and until when each is valid.
type tokens struct {
	issued int
	until  map[string]time.Time
}

// Token returns a new token, which is valid for Options.TokenLifetime beside earlier ones, and
// when it expires; zero: never. It fits client.RenewableBearer. The error is nil.
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

// Renewals returns how many tokens Token has returned.
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
