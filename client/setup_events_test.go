package client_test

import (
	"context"
	"sync"

	"github.com/retrywise/retrywise/client"
)

// events records what an observer is called with.
type events struct {
	mu       sync.Mutex
	started  []string // calls, attempts, waits, renewals and look-ups, by these words
	attempts []client.AttemptEvent
	waits    []client.WaitEvent
	renewals []client.RenewalEvent
	calls    []client.CallEvent
	lookups  []client.LookupEvent
}

// observer returns an observer that records in e.
func (e *events) observer() client.Observer {
	return client.Observer{
		CallStart:    recordStart[client.CallEvent](e, "call"),
		CallEnd:      recordEnd(e, &e.calls),
		AttemptStart: recordStart[client.AttemptEvent](e, "attempt"),
		AttemptEnd:   recordEnd(e, &e.attempts),
		WaitStart:    recordStart[client.WaitEvent](e, "wait"),
		WaitEnd:      recordEnd(e, &e.waits),
		RenewalStart: recordStart[client.RenewalEvent](e, "renewal"),
		RenewalEnd:   recordEnd(e, &e.renewals),
		LookupStart:  recordStart[client.LookupEvent](e, "lookup"),
		LookupEnd:    recordEnd(e, &e.lookups),
	}
}

func recordEnd[E any](e *events, all *[]E) func(context.Context, E) {
	return func(_ context.Context, event E) {
		e.mu.Lock()
		defer e.mu.Unlock()
		*all = append(*all, event)
	}
}

func recordStart[E any](e *events, what string) func(context.Context, E) context.Context {
	return func(ctx context.Context, _ E) context.Context {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.started = append(e.started, what)
		return ctx
	}
}
