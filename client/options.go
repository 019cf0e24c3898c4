package client

import (
	"context"
	"time"
)

// CallOptions tell more about one call. A field at its zero value says nothing.
type CallOptions struct {
	Op             string        // the caller's name for it, such as "contacts.upsert": in errors, logs and events
	RecordKey      string        // the record it is about: a limit for each record is kept by it; never printed
	IdempotencyKey string        // sent with each attempt, if the vendor honours keys
	Repeatable     bool          // sending it twice does no harm; false: by the vendor's data and the method
	MaxWait        time.Duration // sum of all waits of the call; 0: the policy's
}

type optionsKey struct{}

// WithCall returns a context whose calls by Send have options o.
func WithCall(ctx context.Context, o CallOptions) context.Context {
	return context.WithValue(ctx, optionsKey{}, o)
}

func optionsFrom(ctx context.Context) CallOptions {
	o, _ := ctx.Value(optionsKey{}).(CallOptions)
	return o
}
