package client_test

import (
	"context"
	"sync"

	"github.com/retrywise/retrywise/client"
)

// events gathers what an observer sees.
type events struct {
	mu       sync.Mutex
	begun    []string
	attempts []client.AttemptEvent
	waits    []client.WaitEvent
	renewals []client.RenewalEvent
	calls    []client.CallEvent
}

// observer returns hooks that gather all ends, and the names of what begins.
func (e *events) observer() client.Observer {
	return client.Observer{
		CallStart:    noting[client.CallEvent](e, "call"),
		CallEnd:      gathering(e, &e.calls),
		AttemptStart: noting[client.AttemptEvent](e, "attempt"),
		AttemptEnd:   gathering(e, &e.attempts),
		WaitStart:    noting[client.WaitEvent](e, "wait"),
		WaitEnd:      gathering(e, &e.waits),
		RenewalStart: noting[client.RenewalEvent](e, "renewal"),
		RenewalEnd:   gathering(e, &e.renewals),
	}
}

func gathering[E any](e *events, all *[]E) func(context.Context, E) {
	return func(_ context.Context, event E) {
		e.mu.Lock()
		defer e.mu.Unlock()
		*all = append(*all, event)
	}
}

func noting[E any](e *events, what string) func(context.Context, E) context.Context {
	return func(ctx context.Context, _ E) context.Context {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.begun = append(e.begun, what)
		return ctx
	}
}
