package client

import (
	"context"
	"errors"
	"net/http"
)

// Auth puts a credential on requests, and renews it. Its methods are safe for concurrent
// use. A Client applies it to requests to the base URL's origin and Config.Origins, and to
// no other.
type Auth interface {
	// Apply puts the credential on req, a copy of the request, and returns an identity of
	// the credential: a text that changes when the credential does. The Client keeps it in
	// memory only. Apply is called for each attempt. req has no Body; its ContentLength and
	// GetBody describe the body for a signature, and GetBody is nil if the body is empty
	// or can be read only once.
	//
	// ErrNoCredential says that there is no credential, or that it has expired: the Client
	// calls Refresh with the identity that Apply returned together with it, and then Apply
	// once more. ErrRenewSoon says that the credential on req is good, but will expire soon: the
	// Client sends req, and calls Refresh meanwhile. No call waits for that or fails with it.
	Apply(ctx context.Context, req *http.Request) (identity string, err error)

	// Refresh replaces the credential. rejected is the identity that Apply returned with the
	// credential that the vendor rejected. If it is not the current identity, someone else
	// has renewed it: return nil. A Client runs one Refresh for all calls that wait for it.
	// Its context ends after 30 s or by Close, and not with the call that needed it first. If
	// Refresh does not return within a second after that, the calls that wait fail with class
	// timeout, and so do the next ones until it returns. One that panics, or ends its
	// goroutine, fails them with class malformed_request.
	//
	// An error says that a person has to act if it wraps ErrRefused or ErrNotRenewable, has
	// an OAuth code such as invalid_grant in its text (RFC 6749, section 5.2), or is the
	// *apierrors.Error of a token server that refused. Then the calls fail with class
	// authentication. Any other error is taken for a passing failure.
	Refresh(ctx context.Context, rejected string) error
}

var (
	// ErrNoCredential is what Apply returns if a credential has to be fetched first.
	ErrNoCredential = errors.New("client: there is no valid credential yet")

	// ErrRenewSoon is what Apply returns beside a credential that is good and will expire soon.
	ErrRenewSoon = errors.New("client: the credential expires soon")

	// ErrNotRenewable is what Refresh returns for a fixed credential.
	ErrNotRenewable = errors.New("client: the credential cannot be renewed")

	// ErrRefused is for a Refresh, or a function of RenewableBearer, to wrap if the token
	// server refused for good: the refresh token was revoked, the client is unknown.
	ErrRefused = errors.New("client: the token server refused to renew the credential")
)

// APIKey returns a fixed credential that is sent as header: value. A scheme word that
// belongs to it, such as "apiKey ", is part of value. New refuses one that is empty or has a
// line break.
func APIKey(header, value string) Auth {
	return fixed{header: header, value: newSecret(value)}
}

// Bearer returns a fixed token that is sent as Authorization: Bearer token. New refuses one
// that is empty or has a line break.
func Bearer(token string) Auth {
	if token == "" {
		return APIKey("Authorization", "")
	}
	return APIKey("Authorization", "Bearer "+token)
}

// A fixed credential never changes.
type fixed struct {
	header string
	value  secret
}

func (f fixed) Apply(_ context.Context, req *http.Request) (string, error) {
	req.Header.Set(f.header, f.value.reveal())
	return "", nil
}

func (fixed) Refresh(context.Context, string) error { return ErrNotRenewable }
