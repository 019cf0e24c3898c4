package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// RenewableBearer returns a bearer token that renew replaces. token is the first one; if
// it is empty, renew is called before the first request. renew returns the new token and
// its expiry; the zero time means unknown. A token is renewed when the vendor rejects it, and
// before it expires: while calls go on with it in the last tenth of its life, of which a part is
// left to chance, and of at most 5 minutes; in its last 10 s, calls wait for the new one. If renew
// fails, see Auth.Refresh. A Client never runs renew twice at a time. renew must make its calls
// through another Client.
func RenewableBearer(token string, renew func(context.Context) (token string, expires time.Time, err error)) Auth {
	r := &renewable{renew: renew}
	r.set(token, time.Time{})
	return r
}

var errEmptyToken = errors.New("client: the renewal returned an empty token")

type renewable struct {
	renew func(context.Context) (string, time.Time, error)

	mu      sync.Mutex
	token   secret    // empty: there is none yet
	renewAt time.Time // calls go on meanwhile; zero: when the vendor rejects it
	endsAt  time.Time // calls wait for the next token; zero: when the vendor rejects it
}

const (
	// lastMoments is how long before it expires a token is not used any more: a request is under
	// way for a while, and clocks differ. It is half the life of a token that lives less than that.
	lastMoments = 10 * time.Second

	// mostEarly is how long before it expires a token is renewed at most. A token server may be
	// down for that long, and no call fails.
	mostEarly = 5 * time.Minute
)

// set takes a token. One that comes already expired is used all the same, as there is no
// better one, and our clock may be wrong.
func (r *renewable) set(token string, expires time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.token, r.renewAt, r.endsAt = newSecret(token), time.Time{}, time.Time{}
	if life := time.Until(expires); !expires.IsZero() && life > 0 {
		early := min(mostEarly, life/10)
		r.renewAt = expires.Add(-early/2 - rand.N(early/2+1)) // processes do it one after the other
		r.endsAt = expires.Add(-min(lastMoments, life/2))
	}
}

// current returns the token. The error is ErrRenewSoon or ErrNoCredential, as of Apply.
func (r *renewable) current() (token string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	token = r.token.reveal()
	isPast := func(t time.Time) bool { return !t.IsZero() && !time.Now().Before(t) }
	switch {
	case token == "" || isPast(r.endsAt):
		return token, ErrNoCredential
	case isPast(r.renewAt):
		return token, ErrRenewSoon
	default:
		return token, nil
	}
}

// reject ends the life of a token that is to be renewed although it does not expire soon: the vendor
// has rejected it.
func (r *renewable) reject() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); r.renewAt.IsZero() || now.Before(r.renewAt) {
		r.endsAt = now
	}
}

// isReplaced reports whether the token is another one than the one that was rejected.
func (r *renewable) isReplaced(rejected string) bool {
	token, _ := r.current()
	return hashed(token) != rejected
}

func (r *renewable) Apply(_ context.Context, req *http.Request) (string, error) {
	token, err := r.current()
	if !errors.Is(err, ErrNoCredential) {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return hashed(token), err
}

func (r *renewable) Refresh(ctx context.Context, rejected string) error {
	if r.isReplaced(rejected) {
		return nil // by another goroutine
	}
	if r.renew == nil {
		return ErrNotRenewable
	}
	token, expires, err := r.renew(ctx)
	if err != nil {
		return err
	}
	if token == "" {
		return errEmptyToken
	}
	r.set(token, expires)
	return nil
}
