package client

import "context"

// JoinObservers returns an Observer that calls each of the observers. A start hook gets the
// context that the observer before it returned, and the end hooks, which run in the reverse
// order, get that of the last one.
func JoinObservers(observers ...Observer) Observer {
	var all Observer
	for _, next := range observers {
		all = Observer{
			CallStart:    joinStart(all.CallStart, next.CallStart),
			CallEnd:      joinEnd(all.CallEnd, next.CallEnd),
			AttemptStart: joinStart(all.AttemptStart, next.AttemptStart),
			AttemptEnd:   joinEnd(all.AttemptEnd, next.AttemptEnd),
			WaitStart:    joinStart(all.WaitStart, next.WaitStart),
			WaitEnd:      joinEnd(all.WaitEnd, next.WaitEnd),
			RenewalStart: joinStart(all.RenewalStart, next.RenewalStart),
			RenewalEnd:   joinEnd(all.RenewalEnd, next.RenewalEnd),
			LookupStart:  joinStart(all.LookupStart, next.LookupStart),
			LookupEnd:    joinEnd(all.LookupEnd, next.LookupEnd),
		}
	}
	return all
}

func joinStart[E any](first, then func(context.Context, E) context.Context) func(context.Context, E) context.Context {
	switch {
	case first == nil:
		return then
	case then == nil:
		return first
	}
	return func(ctx context.Context, e E) context.Context { return start(start(ctx, first, e), then, e) }
}

func joinEnd[E any](first, then func(context.Context, E)) func(context.Context, E) {
	switch {
	case first == nil:
		return then
	case then == nil:
		return first
	}
	return func(ctx context.Context, e E) {
		then(ctx, e)
		first(ctx, e)
	}
}
