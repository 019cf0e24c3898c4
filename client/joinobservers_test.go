package client_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// The hooks of joined observers run in order, each within the context of the one before it, and
// the end hooks in the reverse order, all within the context of the last.
func TestJoinObserversNestsContexts(t *testing.T) {
	type key struct{}
	level := func(ctx context.Context) string { text, _ := ctx.Value(key{}).(string); return text }
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200))
		var got []string
		named := func(name string) client.Observer {
			return client.Observer{
				CallStart: func(ctx context.Context, _ client.CallEvent) context.Context {
					return context.WithValue(ctx, key{}, level(ctx)+name)
				},
				CallEnd: func(ctx context.Context, _ client.CallEvent) { got = append(got, "call "+name+" in "+level(ctx)) },
				AttemptStart: func(ctx context.Context, _ client.AttemptEvent) context.Context {
					return context.WithValue(ctx, key{}, level(ctx)+strings.ToUpper(name))
				},
				AttemptEnd: func(ctx context.Context, _ client.AttemptEvent) { got = append(got, "attempt "+name+" in "+level(ctx)) },
			}
		}
		onlyEnds := client.Observer{CallEnd: func(context.Context, client.CallEvent) { got = append(got, "the one without start hooks") }}
		c := newClient(t, srv, client.Config{Observer: client.JoinObservers(named("a"), onlyEnds, named("b"))})
		if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
			t.Fatal(err)
		}
		want := []string{"attempt b in abAB", "attempt a in abAB", "call b in ab", "the one without start hooks", "call a in ab"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("end hooks (-want +got):\n%s", diff)
		}
	})
}

// Every hook is joined.
func TestJoinObserversJoinsEachHook(t *testing.T) {
	var first, second events
	o := client.JoinObservers(client.Observer{}, first.observer(), second.observer())
	ctx := t.Context()
	o.CallStart(ctx, client.CallEvent{})
	o.AttemptStart(ctx, client.AttemptEvent{})
	o.WaitStart(ctx, client.WaitEvent{})
	o.RenewalStart(ctx, client.RenewalEvent{})
	o.LookupStart(ctx, client.LookupEvent{})
	o.CallEnd(ctx, client.CallEvent{})
	o.AttemptEnd(ctx, client.AttemptEvent{})
	o.WaitEnd(ctx, client.WaitEvent{})
	o.RenewalEnd(ctx, client.RenewalEvent{})
	o.LookupEnd(ctx, client.LookupEvent{})
	for name, e := range map[string]*events{"first": &first, "second": &second} {
		if want := strings.Fields("call attempt wait renewal lookup"); !slices.Equal(e.started, want) {
			t.Errorf("%s: started %v; want %v", name, e.started, want)
		}
		if ended := []int{len(e.calls), len(e.attempts), len(e.waits), len(e.renewals), len(e.lookups)}; !slices.Equal(ended, []int{1, 1, 1, 1, 1}) {
			t.Errorf("%s: ended %v of each; want 1", name, ended)
		}
	}
}

// No observers at all are one that is never called.
func TestJoinObserversOfNone(t *testing.T) {
	if o := client.JoinObservers(); o.CallStart != nil || o.LookupEnd != nil {
		t.Error("there is a hook")
	}
}
