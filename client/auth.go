package client

import (
	"context"
	"errors"
	"net/http"
	"sync"
)

// Auth puts a credential on requests, and renews it. Its methods may be called from
// many goroutines at once. A Client applies it to the base URL's origin only. Neither
// method's context carries the options of the call.
type Auth interface {
	// Apply is called for each attempt, with a copy of the request. ErrNoCredential
	// asks the Client to run Refresh with an empty string first.
	Apply(ctx context.Context, req *http.Request) error
	// Refresh renews the credential, unless rejected is no longer what Apply would
	// give: then somebody else has renewed it. rejected is the Authorization header
	// that the vendor refused; empty if Apply set none. A Client runs one Refresh for all calls that wait for
	// it, in a context that ends with the Client and not with a call. ErrNotRenewable
	// says that there is nothing to renew.
	Refresh(ctx context.Context, rejected string) error
}

// ErrNotRenewable is what Refresh of a fixed credential returns.
var ErrNotRenewable = errors.New("client: the credential cannot be renewed")

// ErrNoCredential is what Apply returns before there is a credential.
var ErrNoCredential = errors.New("client: there is no credential yet")

// APIKey returns the credential that is sent as header: value. Put a scheme word that
// belongs to it, such as "apiKey ", into value.
func APIKey(header, value string) Auth {
	return fixed{header: header, value: NewSecret(value)}
}

// Bearer returns a token that cannot be renewed, sent as Authorization: Bearer token.
func Bearer(token string) Auth { return APIKey("Authorization", "Bearer "+token) }

// fixed is a credential that stays.
type fixed struct {
	header string
	value  Secret
}

func (f fixed) Apply(_ context.Context, req *http.Request) error {
	req.Header.Set(f.header, f.value.Reveal())
	return nil
}

func (fixed) Refresh(context.Context, string) error { return ErrNotRenewable }

// RenewableBearer returns a bearer token that renew can replace. token is the first
// one; if it is empty, renew is asked before the first request. A Client never runs
// renew twice at a time.
func RenewableBearer(token string, renew func(context.Context) (string, error)) Auth {
	r := &renewable{renew: renew}
	r.set(token)
	return r
}

type renewable struct {
	renew func(context.Context) (string, error)
	mu    sync.Mutex
	value Secret // of the header; empty: there is none yet
}

func (r *renewable) set(token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if token != "" {
		r.value = NewSecret("Bearer " + token)
	}
}

func (r *renewable) header() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.value.Reveal()
}

func (r *renewable) Apply(_ context.Context, req *http.Request) error {
	value := r.header()
	if value == "" {
		return ErrNoCredential
	}
	req.Header.Set("Authorization", value)
	return nil
}

func (r *renewable) Refresh(ctx context.Context, rejected string) error {
	if r.header() != rejected {
		return nil // somebody else has
	}
	token, err := r.renew(ctx)
	if err != nil {
		return err
	}
	if token == "" {
		return errors.New("client: the renewal gave an empty token")
	}
	r.set(token)
	return nil
}
