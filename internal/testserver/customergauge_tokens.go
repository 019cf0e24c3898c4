package testserver

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// gaugeTokenLife is how long an access token is valid.
const gaugeTokenLife = time.Hour

// gaugeTokens knows the access tokens that are valid. A new one does not end
// those before it. The zero value has none.
type gaugeTokens struct {
	maxUses int // 0: no limit

	mu       sync.Mutex // guards the fields below
	valid    map[string]gaugeToken
	newest   string
	added    int
	refusals int
}

type gaugeToken struct {
	uses int
	ends time.Time
}

// Token returns the newest access token, or "" if it has expired.
func (cg *CustomerGauge) Token() string {
	k := &cg.tokens
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.isValid(k.newest) {
		return ""
	}
	return k.newest
}

// ExpireToken makes all access tokens invalid. The key stays as it is.
func (cg *CustomerGauge) ExpireToken() {
	cg.tokens.mu.Lock()
	defer cg.tokens.mu.Unlock()
	clear(cg.tokens.valid)
}

// Renewals returns how often a client was given an access token. The vendor
// has no refresh tokens, so the first one counts as well.
func (cg *CustomerGauge) Renewals() int {
	cg.tokens.mu.Lock()
	defer cg.tokens.mu.Unlock()
	return cg.tokens.added - 1 // one was there from the start
}

// add makes a new token and returns it.
func (k *gaugeTokens) add() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.valid == nil {
		k.valid = map[string]gaugeToken{}
	}
	k.added++
	k.newest = fmt.Sprintf("demo-gauge-access-%d", k.added)
	k.valid[k.newest] = gaugeToken{ends: time.Now().Add(gaugeTokenLife)}
	return k.newest
}

// use counts a use of token, which may be its last. It returns false if the
// token is not valid.
func (k *gaugeTokens) use(token string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.isValid(token) {
		return false
	}
	t := k.valid[token]
	t.uses++
	k.valid[token] = t
	if t.uses == k.maxUses {
		delete(k.valid, token)
	}
	return true
}

// isValid is called with the mutex held.
func (k *gaugeTokens) isValid(token string) bool {
	t, ok := k.valid[token]
	return ok && time.Now().Before(t.ends)
}

// refusal returns the code for a credential that is refused: that of the
// vendor's example and that of its table, by turns.
func (k *gaugeTokens) refusal() gaugeCode {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refusals++
	if k.refusals%2 == 1 {
		return gaugeBadKeyExample
	}
	return gaugeBadKey
}

// giveToken serves POST /oauth2/token. The vendor does not document what it
// answers to a mistake; these are the errors of RFC 6749.
func (cg *CustomerGauge) giveToken(w http.ResponseWriter, r *http.Request) {
	formError := r.ParseForm()
	form := r.PostForm // empty if the body is no form
	var answer reply
	switch {
	case formError != nil || form.Get("grant_type") == "":
		answer = gaugeOAuthError(http.StatusBadRequest, "invalid_request")
	case form.Get("grant_type") != "client_credentials":
		answer = gaugeOAuthError(http.StatusBadRequest, "unsupported_grant_type")
	case form.Get("client_id") != CustomerGaugeClientID || form.Get("client_secret") != CustomerGaugeClientSecret:
		answer = gaugeOAuthError(http.StatusUnauthorized, "invalid_client")
	default:
		answer = reply{status: http.StatusOK, body: map[string]any{
			"access_token": cg.tokens.add(),
			"expires_in":   int(gaugeTokenLife.Seconds()),
			"token_type":   "Bearer",
		}}
	}
	answer.send(w, r)
}

func gaugeOAuthError(status int, kind string) reply {
	return reply{status: status, body: map[string]any{"error": kind}}
}
