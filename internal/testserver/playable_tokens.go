package testserver

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The credentials that a fake Playable accepts.
const (
	PlayableClientID     = "demo-app"
	PlayableClientSecret = "demo-app-secret"
)

// playableTokenLife is how long an access token lives, unless it is used up before.
const playableTokenLife = time.Hour

// playableTokens knows which access tokens are good. A new one leaves the
// others as they are. The zero value has handed out none.
type playableTokens struct {
	maxUses int           // 0: no limit
	early   playableLimit // early tokens that are handed out all the same

	mu       sync.Mutex
	good     map[string]*playableToken
	newest   string
	issued   int
	tooEarly int
}

// A playableToken is guarded by the mutex of its playableTokens.
type playableToken struct {
	uses int
	ends time.Time
}

// Token returns the newest access token, or "" if it is not good any more or
// there has been none.
func (p *Playable) Token() string {
	k := &p.tokens
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forgetOld(time.Now())
	if k.good[k.newest] == nil {
		return ""
	}
	return k.newest
}

// ExpireToken makes all access tokens invalid.
func (p *Playable) ExpireToken() {
	p.tokens.mu.Lock()
	defer p.tokens.mu.Unlock()
	clear(p.tokens.good)
}

// Renewals returns how often a client was given an access token.
func (p *Playable) Renewals() int {
	p.tokens.mu.Lock()
	defer p.tokens.mu.Unlock()
	return p.tokens.issued
}

// EarlyTokens returns how often a client asked for an access token while
// another one was still good. From the third time within an hour on it is
// throttled.
func (p *Playable) EarlyTokens() int {
	p.tokens.mu.Lock()
	defer p.tokens.mu.Unlock()
	return p.tokens.tooEarly
}

func (k *playableTokens) forgetOld(now time.Time) {
	maps.DeleteFunc(k.good, func(_ string, t *playableToken) bool { return !now.Before(t.ends) })
}

// use uses the token of an Authorization header. It returns false if that is
// not a good one.
func (k *playableTokens) use(authorization string, now time.Time) bool {
	token, isBearer := strings.CutPrefix(authorization, "Bearer ")
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forgetOld(now)
	t := k.good[token]
	if !isBearer || t == nil {
		return false
	}
	t.uses++
	if t.uses == k.maxUses {
		delete(k.good, token)
	}
	return true
}

// issue returns a new token, or how long to wait for it because there were too
// many early ones.
func (k *playableTokens) issue(now time.Time) (token string, rest time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forgetOld(now)
	if len(k.good) > 0 {
		k.tooEarly++
		if _, rest := k.early.take(now); rest > 0 {
			return "", rest
		}
	}
	if k.good == nil {
		k.good = map[string]*playableToken{}
	}
	k.issued++
	k.newest = fmt.Sprintf("demo-access-%d", k.issued)
	k.good[k.newest] = &playableToken{ends: now.Add(playableTokenLife)}
	return k.newest, 0
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
	}{"Bearer", seconds(playableTokenLife), token}}
}
