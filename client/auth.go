package client

import (
	"context"
	"errors"
	"net/http"
)

// Auth puts a credential on requests, and renews it. Its methods may be called from
// many goroutines at once. A Client applies it to the base URL's origin only.
type Auth interface {
	// Apply is called for each attempt, with a copy of the request.
	Apply(ctx context.Context, req *http.Request) error
	// Refresh renews the credential, unless rejected is no longer what Apply would
	// give: then somebody else has renewed it. rejected is the Authorization header
	// that the vendor refused. A Client runs one Refresh for all calls that wait for
	// it. ErrNotRenewable says that there is nothing to renew.
	Refresh(ctx context.Context, rejected string) error
}

// ErrNotRenewable is what Refresh of a fixed credential returns.
var ErrNotRenewable = errors.New("client: the credential cannot be renewed")

// APIKey returns the credential that is sent as header: value. Put a scheme word that
// belongs to it, such as "apiKey ", into value.
func APIKey(header, value string) Auth {
	return fixed{header: header, value: func() string { return value }}
}

// Bearer returns a token that cannot be renewed, sent as Authorization: Bearer token.
func Bearer(token string) Auth { return APIKey("Authorization", "Bearer "+token) }

// fixed is a credential that stays. The value is behind a function, so that no verb of
// fmt can print it.
type fixed struct {
	header string
	value  func() string
}

func (f fixed) Apply(_ context.Context, req *http.Request) error {
	req.Header.Set(f.header, f.value())
	return nil
}

func (fixed) Refresh(context.Context, string) error { return ErrNotRenewable }

// RenewableBearer returns a bearer token that renew can replace. token is the first
// one; if it is empty, renew is asked before the first request. renew is never run
// twice at a time, and its context ends with the Client.
func RenewableBearer(token string, renew func(context.Context) (string, error)) Auth {
	r := &renewable{renew: renew, turn: make(chan struct{}, 1)}
	r.token = func() string { return token }
	return r
}

// renewable is guarded by turn, a lock that can be waited for with a context.
type renewable struct {
	renew func(context.Context) (string, error)
	turn  chan struct{}
	token func() string // behind a function, so that no verb of fmt can print it
}

func (r *renewable) lock(ctx context.Context) error {
	select {
	case r.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *renewable) unlock() { <-r.turn }

func (r *renewable) Apply(ctx context.Context, req *http.Request) error {
	if err := r.lock(ctx); err != nil {
		return err
	}
	defer r.unlock()
	if r.token() == "" {
		if err := r.replace(ctx); err != nil {
			return err
		}
	}
	req.Header.Set("Authorization", "Bearer "+r.token())
	return nil
}

func (r *renewable) Refresh(ctx context.Context, rejected string) error {
	if err := r.lock(ctx); err != nil {
		return err
	}
	defer r.unlock()
	if "Bearer "+r.token() != rejected {
		return nil // somebody else has
	}
	return r.replace(ctx)
}

// replace asks for a new token. The caller holds the lock.
func (r *renewable) replace(ctx context.Context) error {
	token, err := r.renew(ctx)
	if err != nil {
		return err
	}
	if token == "" {
		return errors.New("client: the renewal gave an empty token")
	}
	r.token = func() string { return token }
	return nil
}
