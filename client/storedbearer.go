package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// A Token is a credential that is renewed, as an OAuth 2.0 token server returns it. Printing it shows
// no secret, but fmt cannot know that of one in an unexported field of a struct: give such a struct a
// Format of its own.
type Token struct {
	Access  string    // sent as Authorization: Bearer; empty: there is none yet
	Refresh string    // what renews it, such as a refresh token; may be empty
	Expires time.Time // zero: unknown
}

// Format prints when the token expires, and never the token.
func (t Token) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, t.describe()) }

// LogValue is what slog prints of a token: the same.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.describe()) }

func (t Token) describe() string {
	text := "a token"
	if t.Access == "" {
		text = "no token"
	}
	if !t.Expires.IsZero() {
		text += " until " + t.Expires.UTC().Format(time.RFC3339)
	}
	return text
}

// A TokenStore keeps the Token of an account for all processes, such as in a database. Its
// methods are safe for concurrent use.
type TokenStore interface {
	// Load returns the latest Token; the zero Token if there is none.
	Load(ctx context.Context) (Token, error)

	// Save keeps a Token that replaces the one before.
	Save(ctx context.Context, token Token) error
}

// StoredBearer returns a bearer token that several processes share and renew. It is loaded from
// store before the first request, and when the vendor rejects it: another process may have
// renewed it. Otherwise renew gets it and returns the next one, which is saved before it is used,
// as many token servers revoke what a refresh token has replaced. With a Config.Traffic that the
// processes share, one of them renews while the others wait.
//
// If Save fails, the renewal fails with that error. The token is kept in memory, and the Client saves
// it again each second until it succeeds or is closed. Meanwhile no process renews: what it would
// load is used up. If the Client is closed, a renewal that is under way has almost a second to end
// and to save its token. See RenewableBearer for when a token is renewed, and Auth.Refresh for
// failures. renew must make its calls through another Client.
func StoredBearer(store TokenStore, renew func(ctx context.Context, old Token) (Token, error)) Auth {
	return &stored{store: store, renew: renew, turn: make(chan struct{}, 1)}
}

// stored is the Auth of StoredBearer.
type stored struct {
	store   TokenStore
	renew   func(context.Context, Token) (Token, error)
	current renewable // its access token

	turn    chan struct{} // has one element while there is a renewal
	unsaved *Token        // it was renewed, and could not be saved; nil: there is none
}

func (s *stored) Apply(ctx context.Context, req *http.Request) (string, error) {
	if token, err := s.current.current(); errors.Is(err, ErrNoCredential) {
		_, _ = s.adopt(ctx, hashed(token)) // if that fails, Refresh says so
	}
	return s.current.Apply(ctx, req)
}

// adopt uses the token of the store in place of the one that is rejected, if it is another one.
func (s *stored) adopt(ctx context.Context, rejected string) (old Token, err error) {
	if old, err = s.store.Load(ctx); err != nil {
		return old, fmt.Errorf("client: loading the token: %w", err)
	}
	if hashed(old.Access) != rejected && (old.Expires.IsZero() || time.Now().Before(old.Expires)) {
		s.current.set(old.Access, old.Expires)
	}
	return old, nil
}

func (s *stored) Refresh(ctx context.Context, rejected string) error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if s.current.isReplaced(rejected) {
		return nil // by another goroutine
	}
	s.current.reject()
	late, cancel := outlasting(ctx)
	defer cancel()
	if s.unsaved != nil {
		return s.save(late, *s.unsaved)
	}
	old, err := s.adopt(ctx, rejected)
	if err != nil {
		return err
	}
	if s.current.isReplaced(rejected) {
		return nil // by another process
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	token, err := s.renew(late, old)
	if err != nil {
		return err
	}
	if token.Access == "" {
		return errEmptyToken
	}
	if token.Refresh == "" {
		token.Refresh = old.Refresh // RFC 6749, section 6: it stays valid
	}
	return s.save(late, token)
}

// lastMoment is how long a renewal goes on after the end of its context: the token server may have
// replaced the refresh token already.
const lastMoment = renewalGrace * 9 / 10

// outlasting returns a context that ends a moment after ctx.
func outlasting(ctx context.Context) (late context.Context, cancel func()) {
	late, end := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(lastMoment, func() { end(context.Cause(ctx)) })
	})
	return late, func() {
		stop()
		end(nil)
	}
}

// errUnsaved is a renewal whose token is still to be saved.
var errUnsaved = errors.New("client: saving the token")

// save keeps a token, and then uses it.
func (s *stored) save(ctx context.Context, token Token) error {
	s.unsaved = &token
	if err := s.store.Save(ctx, token); err != nil {
		return fmt.Errorf("%w: %w", errUnsaved, err)
	}
	s.unsaved = nil
	s.current.set(token.Access, token.Expires)
	return nil
}
