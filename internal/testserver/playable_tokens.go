package testserver

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// The credentials that a fake Playable accepts.
const (
	PlayableClientID     = "demo-app"
	PlayableClientSecret = "demo-app-secret"
)

// playableTokens are the access tokens. A request for a token is early if another
// token is still valid.
type playableTokens struct {
	accessTokens
	early windowLimit // of early requests

	issuing       sync.Mutex // guards the field below, and is held while a token is issued
	earlyRequests int
}

// Token returns the newest access token, or "" if it is no longer valid or none was
// issued.
func (p *Playable) Token() string { return p.tokens.latest() }

// ExpireToken makes all access tokens invalid.
func (p *Playable) ExpireToken() { p.tokens.expire() }

// Renewals returns how many access tokens were issued.
func (p *Playable) Renewals() int { return p.tokens.count() }

// EarlyTokens returns how often a client requested an access token while another one
// was still valid. Within an hour, the third such request and later ones are refused.
func (p *Playable) EarlyTokens() int {
	p.tokens.issuing.Lock()
	defer p.tokens.issuing.Unlock()
	return p.tokens.earlyRequests
}

// issue returns a new token. After too many early requests it returns none, and the
// wait until the next is allowed.
func (k *playableTokens) issue(now time.Time) (token string, wait time.Duration) {
	k.issuing.Lock()
	defer k.issuing.Unlock()
	if k.anyValid() {
		k.earlyRequests++
		if _, wait := k.early.take(now); wait > 0 {
			return "", wait
		}
	}
	return k.add(), 0
}

// issueToken serves POST /oauth/token. The vendor does not document the body of its
// 400.
func (p *Playable) issueToken(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		GrantType    string `json:"grant_type"`
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}
	switch {
	case !isJSON(r), json.NewDecoder(r.Body).Decode(&ask) != nil, ask.GrantType != "client_credentials":
		playableRefusal(http.StatusBadRequest, "Invalid request").send(w, r)
	case ask.ClientID != PlayableClientID, ask.ClientSecret != PlayableClientSecret:
		playableUnauthenticated().send(w, r)
	default:
		p.newToken().send(w, r)
	}
}

func (p *Playable) newToken() reply {
	token, wait := p.tokens.issue(time.Now())
	if wait > 0 {
		return p.throttled(wait)
	}
	return reply{status: http.StatusOK, body: struct {
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
		AccessToken string `json:"access_token"`
	}{"Bearer", seconds(accessTokenLife), token}}
}
