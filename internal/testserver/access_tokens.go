package testserver

import (
	"fmt"
	"maps"
	"sync"
	"time"
)

// accessTokenLife is how long an access token is valid, unless its uses run out
// before.
const accessTokenLife = time.Hour

// accessTokens has the access tokens that were issued for client credentials. A new
// token does not invalidate the others. The zero value has none.
type accessTokens struct {
	prefix  string // of every token
	maxUses int    // 0: no limit

	mu     sync.Mutex // guards the fields below
	valid  map[string]*accessToken
	newest string
	issued int
}

// An accessToken is guarded by the mutex of its accessTokens.
type accessToken struct {
	uses int
	ends time.Time
}

// add issues a new token and returns it.
func (k *accessTokens) add() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.valid == nil {
		k.valid = map[string]*accessToken{}
	}
	k.issued++
	k.newest = fmt.Sprintf("%s%d", k.prefix, k.issued)
	k.valid[k.newest] = &accessToken{ends: time.Now().Add(accessTokenLife)}
	return k.newest
}

// use counts a use of token, which expires after the last. It returns false if the
// token is not valid.
func (k *accessTokens) use(token string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.removeExpired()
	t := k.valid[token]
	if t == nil {
		return false
	}
	t.uses++
	if t.uses == k.maxUses {
		delete(k.valid, token)
	}
	return true
}

// latest returns the newest token, or "" if it is no longer valid or none was
// issued.
func (k *accessTokens) latest() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.removeExpired()
	if k.valid[k.newest] == nil {
		return ""
	}
	return k.newest
}

// anyValid reports whether there is a valid token.
func (k *accessTokens) anyValid() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.removeExpired()
	return len(k.valid) > 0
}

// expire makes all tokens invalid.
func (k *accessTokens) expire() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.valid)
}

// count returns how many tokens were issued.
func (k *accessTokens) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.issued
}

// removeExpired removes the tokens whose time is over. The mutex must be held.
func (k *accessTokens) removeExpired() {
	now := time.Now()
	maps.DeleteFunc(k.valid, func(_ string, t *accessToken) bool { return !now.Before(t.ends) })
}
