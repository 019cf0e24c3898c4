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

// playableTokens are the access tokens, and who asks for them too early.
type playableTokens struct {
	accessTokens
	early playableLimit // early tokens that are handed out all the same

	issuing  sync.Mutex // guards tooEarly, and is held while a token is issued
	tooEarly int
}

// Token returns the newest access token, or "" if it is not good any more or
// there has been none.
func (p *Playable) Token() string { return p.tokens.latest() }

// ExpireToken makes all access tokens invalid.
func (p *Playable) ExpireToken() { p.tokens.expire() }

// Renewals returns how often a client was given an access token.
func (p *Playable) Renewals() int { return p.tokens.count() }

// EarlyTokens returns how often a client asked for an access token while
// another one was still good. From the third time within an hour on it is
// throttled.
func (p *Playable) EarlyTokens() int {
	p.tokens.issuing.Lock()
	defer p.tokens.issuing.Unlock()
	return p.tokens.tooEarly
}

// issue returns a new token, or how long to wait for it because there were too
// many early ones.
func (k *playableTokens) issue(now time.Time) (token string, rest time.Duration) {
	k.issuing.Lock()
	defer k.issuing.Unlock()
	if k.anyGood() {
		k.tooEarly++
		if _, rest := k.early.take(now); rest > 0 {
			return "", rest
		}
	}
	return k.add(), 0
}

// issueToken serves POST /oauth/token. The body of its 400 is not documented.
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
	token, rest := p.tokens.issue(time.Now())
	if rest > 0 {
		return p.throttled(rest)
	}
	return reply{status: http.StatusOK, body: struct {
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
		AccessToken string `json:"access_token"`
	}{"Bearer", seconds(accessTokenLife), token}}
}
