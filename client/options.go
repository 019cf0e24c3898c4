package client

import (
	"context"
	"net/http"
	"time"
)

// CallOptions tell more about one call. A field at its zero value says nothing.
type CallOptions struct {
	Op             string        // the caller's name for it, such as "contacts.upsert": in errors, logs and events
	RecordKey      string        // the record it is about: a limit for each record is kept by it; never printed
	IdempotencyKey string        // sent with each attempt, if the vendor honours keys
	Repeatable     bool          // sending it twice does no harm; false: by the vendor's data and the method
	MaxWait        time.Duration // sum of all waits of the call; 0: the policy's

	// Shrink gives a smaller request in place of one that the vendor calls too large, or
	// that its data wants smaller (as Kleene's after a 504): half a page, half a window,
	// fewer records. It owns what it leaves out; the answer's Request is what was really
	// sent. It gets the request as it was given, with its body spent but for GetBody. Nil
	// for the request says that it cannot be smaller. IdempotencyKey does not go with it,
	// as it is another request. A nil Shrink: such a call fails with the advice.
	Shrink func(*http.Request) (*http.Request, error)
}

type optionsKey struct{}

// WithCall returns a context whose calls by Send and HTTP have options o; Do takes them
// from its Call.
func WithCall(ctx context.Context, o CallOptions) context.Context {
	return context.WithValue(ctx, optionsKey{}, o)
}

func optionsFrom(ctx context.Context) CallOptions {
	o, _ := ctx.Value(optionsKey{}).(CallOptions)
	return o
}
