package testserver

import (
	"fmt"
	"maps"
	"sync"
	"time"
)

// accessTokenLife is how long an access token lives, unless it is used up before.
const accessTokenLife = time.Hour

// accessTokens knows which tokens of client credentials are good. A new one
// leaves the others as they are. The zero value has handed out none.
type accessTokens struct {
	prefix  string // of their text
	maxUses int    // 0: no limit

	mu     sync.Mutex // guards the fields below
	good   map[string]*accessToken
	newest string
	issued int
}

// An accessToken is guarded by the mutex of its accessTokens.
type accessToken struct {
	uses int
	ends time.Time
}

// add makes a new token and returns it.
func (k *accessTokens) add() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.good == nil {
		k.good = map[string]*accessToken{}
	}
	k.issued++
	k.newest = fmt.Sprintf("%s%d", k.prefix, k.issued)
	k.good[k.newest] = &accessToken{ends: time.Now().Add(accessTokenLife)}
	return k.newest
}

// use counts a use of token, which may be its last. It returns false if the
// token is not good.
func (k *accessTokens) use(token string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forgetOld()
	t := k.good[token]
	if t == nil {
		return false
	}
	t.uses++
	if t.uses == k.maxUses {
		delete(k.good, token)
	}
	return true
}

// latest returns the newest token, or "" if it is not good any more or there
// has been none.
func (k *accessTokens) latest() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forgetOld()
	if k.good[k.newest] == nil {
		return ""
	}
	return k.newest
}

// anyGood tells whether there is a token that is good.
func (k *accessTokens) anyGood() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forgetOld()
	return len(k.good) > 0
}

// expire makes all tokens invalid.
func (k *accessTokens) expire() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.good)
}

// count returns how many tokens were made.
func (k *accessTokens) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.issued
}

// forgetOld is called with the mutex held.
func (k *accessTokens) forgetOld() {
	now := time.Now()
	maps.DeleteFunc(k.good, func(_ string, t *accessToken) bool { return !now.Before(t.ends) })
}
