package client_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// The events of a call that is retried, of one that is accepted and of one that is refused.
func TestObserverSeesCallsAndAttempts(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t,
			retrywisetest.HTML(503), retrywisetest.JSON(200, `{}`),
			retrywisetest.Status(404, "X-Code", "GONE"),
			retrywisetest.Status(400, "X-Code", "BAD"))
		var seen events
		c := newClient(t, srv, client.Config{Observer: seen.observer()})
		start := time.Now()
		_, _ = send(t.Context(), t, c, "GET", "/items/7", "")
		_, _ = send(t.Context(), t, c, "DELETE", "/items/7", "")
		_, _ = send(t.Context(), t, c, "PUT", "/items/7", "", client.CallOptions{Op: "items.put"})

		const wait = 250 * time.Millisecond
		then := start.Add(wait)
		get, remove, put := client.Subject{Vendor: "shop", Method: "GET"}, client.Subject{Vendor: "shop", Method: "DELETE"}, client.Subject{Vendor: "shop", Op: "items.put", Method: "PUT"}
		const url = "http://vendor.test/items/{}"
		attempts := []client.AttemptEvent{
			{Subject: get, Number: 1, URL: url, Start: start, Status: 503, Class: apierrors.ServerError, Action: apierrors.Retry, Rule: "status 503", Delay: wait},
			{Subject: get, Number: 2, URL: url, Start: then, Waited: wait, Status: 200, Applied: apierrors.AppliedYes},
			{Subject: remove, Number: 1, URL: url, Start: then, Status: 404, Class: apierrors.NotFound, Action: apierrors.Accept, Code: "GONE", Rule: "shop code GONE", Applied: apierrors.AppliedNo},
			{Subject: put, Number: 1, URL: url, Start: then, Status: 400, Class: apierrors.Validation, Action: apierrors.Surface, Stop: apierrors.StopPermanent, Code: "BAD", Rule: "shop code BAD", Applied: apierrors.AppliedNo},
		}
		if diff := cmp.Diff(attempts, seen.attempts); diff != "" {
			t.Errorf("attempts (-want +got):\n%s", diff)
		}
		calls := []client.CallEvent{
			{Subject: get, Start: start, Took: wait, Waited: wait, Attempts: 2, Status: 200, Applied: apierrors.AppliedYes},
			{Subject: remove, Start: then, Attempts: 1, Status: 404, Class: apierrors.NotFound, Action: apierrors.Accept, Code: "GONE", Rule: "shop code GONE", Applied: apierrors.AppliedNo},
			{Subject: put, Start: then, Attempts: 1, Status: 400, Class: apierrors.Validation, Action: apierrors.Surface, Stop: apierrors.StopPermanent, Code: "BAD", Rule: "shop code BAD", Applied: apierrors.AppliedNo},
		}
		if diff := cmp.Diff(calls, seen.calls, cmpopts.IgnoreFields(client.CallEvent{}, "Err")); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if want := strings.Fields("call attempt wait attempt call attempt call attempt"); !slices.Equal(seen.started, want) {
			t.Errorf("started %v; want %v", seen.started, want)
		}
	})
}

// The end of a deferred call has what its error has.
func TestObserverSeesADeferredCall(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "3600"))
		var seen events
		c := newClient(t, srv, client.Config{Observer: seen.observer()})
		_, err := send(t.Context(), t, c, "GET", "/items", "")
		e := failure(t, err)
		want := client.CallEvent{
			Subject: client.Subject{Vendor: "shop", Method: "GET"}, Start: time.Now(), Attempts: 1, Status: 429, Class: apierrors.RateLimited,
			Action: apierrors.Defer, Stop: e.Stop, Rule: "status 429", Applied: apierrors.AppliedNo, RetryAt: e.RetryAt, Err: e,
		}
		if diff := cmp.Diff([]client.CallEvent{want}, seen.calls, cmp.Comparer(func(a, b *apierrors.Error) bool { return a == b })); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// The context that a start hook returns is that of what starts, and of its end hook.
func TestObserverGivesContexts(t *testing.T) {
	type key struct{}
	level := func(ctx context.Context) string { text, _ := ctx.Value(key{}).(string); return text }
	deeper := func(ctx context.Context, more string) context.Context {
		return context.WithValue(ctx, key{}, level(ctx)+more)
	}
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(401), retrywisetest.Status(429, "Retry-After", "5"), retrywisetest.Status(200))
		var ends []string
		seen := func(what string, ctx context.Context) { ends = append(ends, what+" "+level(ctx)) }
		var onWire []string
		c := newClient(t, srv, client.Config{
			Auth: renewable("old", func(ctx context.Context) (string, error) { seen("renew", ctx); return "new", nil }),
			Transport: wire(func(r *http.Request) (*http.Response, error) {
				onWire = append(onWire, level(r.Context()))
				return srv.Transport().RoundTrip(r)
			}),
			Observer: client.Observer{
				CallStart:    func(ctx context.Context, _ client.CallEvent) context.Context { return deeper(ctx, "c") },
				CallEnd:      func(ctx context.Context, _ client.CallEvent) { seen("call", ctx) },
				AttemptStart: func(ctx context.Context, _ client.AttemptEvent) context.Context { return deeper(ctx, "a") },
				AttemptEnd:   func(ctx context.Context, _ client.AttemptEvent) { seen("attempt", ctx) },
				WaitStart:    func(ctx context.Context, _ client.WaitEvent) context.Context { return deeper(ctx, "w") },
				WaitEnd:      func(ctx context.Context, _ client.WaitEvent) { seen("wait", ctx) },
				RenewalStart: func(ctx context.Context, _ client.RenewalEvent) context.Context { return deeper(ctx, "r") },
				RenewalEnd:   func(ctx context.Context, _ client.RenewalEvent) { seen("renewal", ctx) },
			},
		})
		if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
			t.Fatal(err)
		}
		if want := []string{"ca", "ca", "ca"}; !slices.Equal(onWire, want) {
			t.Errorf("contexts of the requests %v; want %v", onWire, want)
		}
		if want := []string{"attempt ca", "renew cr", "renewal cr", "wait cw", "attempt ca", "wait cw", "attempt ca", "call c"}; !slices.Equal(ends, want) {
			t.Errorf("contexts of the end hooks %v; want %v", ends, want)
		}
	})
}

// A start hook may return nil, which leaves the context as it is.
func TestObserverMayReturnNoContext(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{Observer: client.Observer{
			CallStart:    func(context.Context, client.CallEvent) context.Context { return nil },
			AttemptStart: func(context.Context, client.AttemptEvent) context.Context { return nil },
		}})
		if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
			t.Error(err)
		}
	})
}

// Each wait of a call is an event: the backoff, the gate that a response closed, a renewal, and
// a wait that a response asks for, which the context ends.
func TestObserverSeesWaits(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t,
			retrywisetest.Status(503), retrywisetest.Status(429, "Retry-After", "5"), retrywisetest.Status(401), retrywisetest.Status(503, "Retry-After", "30"))
		var seen events
		c := newClient(t, srv, client.Config{Observer: seen.observer(), Auth: renewable("old", func(context.Context) (string, error) {
			time.Sleep(2 * time.Second) // virtual
			return "new", nil
		})})
		start := time.Now()
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errOfTheTest)
		defer cancel()
		time.AfterFunc(20*time.Second, cancel)
		_, _ = send(ctx, t, c, "GET", "/items", "")
		get, ms := client.Subject{Vendor: "shop", Method: "GET"}, time.Millisecond
		want := []client.WaitEvent{
			{Subject: get, For: "backoff", Start: start, Took: 250 * ms},
			{Subject: get, For: "gate account", Start: start.Add(250 * ms), Took: 5 * time.Second},
			{Subject: get, For: "renewal", Start: start.Add(5250 * ms), Took: 2 * time.Second},
			{Subject: get, For: "vendor", Start: start.Add(7250 * ms), Took: 12750 * ms, Stop: apierrors.StopCanceled},
		}
		if diff := cmp.Diff(want, seen.waits); diff != "" {
			t.Errorf("waits (-want +got):\n%s", diff)
		}
	})
}

// An attempt's event says where the request goes: without query, userinfo and identifiers, and
// whether that is the vendor's.
func TestObserverSeesWhereAnAttemptGoes(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		vendor := retrywisetest.New(t, retrywisetest.Status(302, "Location", "/v2/exports/7?token=secret"),
			retrywisetest.Status(302, "Location", "https://storage.test/jane@example.com?signature=secret"))
		storage := retrywisetest.New(t, retrywisetest.Status(200))
		var started []client.AttemptEvent
		var seen events
		c := newClient(t, nil, client.Config{
			BaseURL: "https://vendor.test", Transport: origins{"https://vendor.test": vendor, "https://storage.test": storage},
			Observer: client.JoinObservers(seen.observer(), client.Observer{AttemptStart: func(_ context.Context, e client.AttemptEvent) context.Context {
				started = append(started, e)
				return nil
			}}),
		})
		if _, err := send(t.Context(), t, c, "GET", "https://user:secret@vendor.test/exports/email:jane@example.com?token=secret", ""); err != nil {
			t.Fatal(err)
		}
		want := []client.AttemptEvent{
			{URL: "https://vendor.test/exports/{}"},
			{URL: "https://vendor.test/v2/exports/{}"},
			{URL: "https://storage.test/{}", Foreign: true},
		}
		where := func(all []client.AttemptEvent) (only []client.AttemptEvent) {
			for _, e := range all {
				only = append(only, client.AttemptEvent{URL: e.URL, Foreign: e.Foreign})
			}
			return only
		}
		for name, got := range map[string][]client.AttemptEvent{"starts": where(started), "ends": where(seen.attempts)} {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	})
}
