package testserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// The credentials that a fake RD Station accepts.
const (
	ClientID     = "demo-client"
	ClientSecret = "demo-secret"
	RefreshToken = "demo-refresh"
)

// expiredHeader is the vendor's WWW-Authenticate for an expired token.
const expiredHeader = `Bearer realm="https://api.rd.services/", error="expired_token", error_description="The access token expired"`

// tokens has the access tokens that were issued. Only the newest can be valid. The
// zero value has none.
type tokens struct {
	maxUses int // 0: no limit

	mu       sync.Mutex
	issued   map[string]bool
	current  string // "" if it has expired
	uses     int    // of the current token
	renewals int
	expired  int // refused expired tokens
}

// Token returns the valid access token, or "" if it has expired.
func (rd *RDStation) Token() string {
	rd.tokens.mu.Lock()
	defer rd.tokens.mu.Unlock()
	return rd.tokens.current
}

// ExpireToken makes the current access token invalid.
func (rd *RDStation) ExpireToken() {
	rd.tokens.mu.Lock()
	defer rd.tokens.mu.Unlock()
	rd.tokens.current = ""
}

// Renewals returns how many access tokens clients have fetched.
func (rd *RDStation) Renewals() int {
	rd.tokens.mu.Lock()
	defer rd.tokens.mu.Unlock()
	return rd.tokens.renewals - 1 // NewRDStation issued the first
}

// renew issues a new token and returns it. The previous one becomes invalid.
func (k *tokens) renew() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.issued == nil {
		k.issued = map[string]bool{}
	}
	k.renewals++
	k.current, k.uses = fmt.Sprintf("demo-access-%d", k.renewals), 0
	k.issued[k.current] = true
	return k.current
}

// check uses the token of a request. If ok is false, refusal is the response.
func (k *tokens) check(header http.Header) (refusal reply, ok bool) {
	token, isBearer := strings.CutPrefix(header.Get("Authorization"), "Bearer ")
	k.mu.Lock()
	defer k.mu.Unlock()
	if isBearer && token != "" && token == k.current {
		k.use()
		return reply{}, true
	}
	var extra []string
	if isBearer && k.issued[token] {
		extra = []string{k.expiryHeader(), expiredHeader}
	}
	return refuseList(http.StatusUnauthorized, "UNAUTHORIZED", "Invalid token.", extra...), false
}

// use counts a use of the current token, which expires after the last.
func (k *tokens) use() {
	k.uses++
	if k.uses == k.maxUses {
		k.current = ""
	}
}

// expiryHeader returns the key for expiredHeader. It alternates between the usual
// one and the one that AWS API Gateway replaces it with.
func (k *tokens) expiryHeader() string {
	k.expired++
	if k.expired%2 == 1 {
		return "WWW-Authenticate"
	}
	return "x-amzn-remapped-www-authenticate"
}

// renewToken serves POST /auth/token.
func (rd *RDStation) renewToken(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
		RefreshToken string `json:"refresh_token"`
	}
	var answer reply
	switch {
	case !isJSON(r):
		answer = unsupportedMediaType()
	case json.NewDecoder(r.Body).Decode(&ask) != nil:
		answer = badRequest()
	case ask.ClientID != ClientID || ask.ClientSecret != ClientSecret:
		answer = refuse(http.StatusUnauthorized, "ACCESS_DENIED", "Wrong credentials provided.")
	case ask.RefreshToken != RefreshToken:
		answer = refuse(http.StatusUnauthorized, "INVALID_REFRESH_TOKEN", "The provided refresh token is invalid or was revoked.")
	default:
		answer = reply{status: http.StatusOK, body: map[string]any{
			"access_token":  rd.tokens.renew(),
			"refresh_token": RefreshToken,
			"expires_in":    86400,
		}}
	}
	answer.send(w, r)
}
