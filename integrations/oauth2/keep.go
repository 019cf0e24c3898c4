package retrywiseoauth2

import (
	"context"
	"fmt"
	"sync"

	"github.com/retrywise/retrywise/client"
)

// Keep returns a store of a process that shares its tokens with no other one. token is the first,
// of which Refresh is enough. save is called with each that replaces it, before its access token is
// used; nil: it is kept in memory only.
func Keep(token client.Token, save func(ctx context.Context, token client.Token) error) client.TokenStore {
	return &kept{token: token, save: save}
}

type kept struct {
	save func(context.Context, client.Token) error

	mu    sync.Mutex
	token client.Token
}

func (k *kept) Load(context.Context) (client.Token, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.token, nil
}

func (k *kept) Save(ctx context.Context, token client.Token) error {
	if k.save != nil {
		if err := k.save(ctx, token); err != nil {
			return err
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.token = token
	return nil
}

// Format prints when the token expires, and no secret.
func (k *kept) Format(s fmt.State, verb rune) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.token.Format(s, verb)
}

// isForgetful reports whether a store loses the refresh token with the process.
func isForgetful(store client.TokenStore) bool {
	k, ok := store.(*kept)
	return ok && k.save == nil
}
