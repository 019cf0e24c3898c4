package retrywiseotel_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	retrywiseotel "github.com/retrywise/retrywise/integrations/otel"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"go.opentelemetry.io/otel/trace"
)

// The attributes of a request in most tests, and of a success.
const (
	toItems  = "url.full=http://vendor.test/items"
	ofServer = "server.address=vendor.test server.port=80"
	ofGet    = "vendor=shop http.request.method=GET " + toItems
	success  = "http.response.status_code=200 applied=yes"
)

// The spans of a call, for each way in which it may go.
func TestSpansOfACall(t *testing.T) {
	lookup := &policy.Lookup{Path: "/items/{record_key}", At: "/id", Is: "{record_key}"}
	for name, tt := range map[string]struct {
		answers []retrywisetest.Answer
		method  string
		target  string
		options client.CallOptions
		want    []string
	}{
		"a success": {[]retrywisetest.Answer{fine}, "GET", "/items/7?q=x", client.CallOptions{Op: "items.get"}, []string{
			"shop items.get (internal) vendor=shop op=items.get applied=yes attempts=1",
			"  GET (client) vendor=shop op=items.get http.request.method=GET " + toItems + "/{} " + ofServer + " " + success,
		}},
		"a 503, a 429 and a success": {[]retrywisetest.Answer{unavailable, fiveSeconds, fine}, "GET", "/items", client.CallOptions{}, []string{
			"shop GET (internal) vendor=shop applied=yes attempts=3",
			`  GET (client) Error "" ` + ofGet + " " + ofServer + " class=server_error action=retry rule=status 503 http.response.status_code=503 applied=unknown error.type=server_error",
			"  wait backoff (internal) vendor=shop wait.for=backoff",
			`  GET (client) Error "" ` + ofGet + " http.request.resend_count=1 " + ofServer + " class=rate_limited action=throttle rule=status 429 http.response.status_code=429 applied=unknown error.type=rate_limited",
			"  wait gate (internal) vendor=shop wait.for=gate account",
			"  GET (client) " + ofGet + " http.request.resend_count=2 " + ofServer + " " + success,
		}},
		"a refused record": {[]retrywisetest.Answer{bad}, "POST", "/items", client.CallOptions{}, []string{
			`shop POST (internal) Error "shop POST http://vendor.test/items: validation (400 BAD): It is bad" vendor=shop class=validation action=surface stop=permanent code=BAD rule=shop code BAD applied=no attempts=1 error.type=validation`,
			`  POST (client) Error "" vendor=shop http.request.method=POST ` + toItems + " " + ofServer + " class=validation action=surface stop=permanent code=BAD rule=shop code BAD http.response.status_code=400 applied=no error.type=validation",
		}},
		"an accepted failure is no error": {[]retrywisetest.Answer{gone}, "DELETE", "/items/7", client.CallOptions{}, []string{
			"shop DELETE (internal) vendor=shop class=not_found action=accept code=GONE rule=shop code GONE applied=no attempts=1",
			"  DELETE (client) vendor=shop http.request.method=DELETE " + toItems + "/{} " + ofServer + " class=not_found action=accept code=GONE rule=shop code GONE http.response.status_code=404 applied=no",
		}},
		"a write in doubt": {[]retrywisetest.Answer{retrywisetest.Reset()}, "POST", "/items", client.CallOptions{}, []string{
			`shop POST (internal) Error "shop POST http://vendor.test/items: network: the connection was closed; not retried, as a repeat is not known to be safe; applied: unknown" vendor=shop class=network action=retry stop=unsafe rule=class network, closed applied=unknown attempts=1 error.type=network`,
			`  POST (client) Error "network" vendor=shop http.request.method=POST ` + toItems + " " + ofServer + " class=network action=retry stop=unsafe rule=class network, closed applied=unknown error.type=network",
		}},
		"a deferred call": {[]retrywisetest.Answer{retrywisetest.Status(429, "Retry-After", "3600")}, "GET", "/items", client.CallOptions{}, []string{
			`shop GET (internal) Error "shop GET http://vendor.test/items: rate_limited (429); retry at 2000-01-01T01:00:00Z; the wait is longer than allowed" vendor=shop class=rate_limited action=defer stop=max_wait rule=status 429 applied=no attempts=1 error.type=rate_limited`,
			`  GET (client) Error "" ` + ofGet + " " + ofServer + " class=rate_limited action=defer stop=max_wait rule=status 429 http.response.status_code=429 applied=no error.type=rate_limited",
		}},
		"a redirect is a further request": {[]retrywisetest.Answer{retrywisetest.Status(302, "Location", "/v2/items?q=x"), fine}, "GET", "/items", client.CallOptions{}, []string{
			"shop GET (internal) vendor=shop applied=yes attempts=2",
			"  GET (client) " + ofGet + " " + ofServer + " rule=redirect followed http.response.status_code=302 applied=yes",
			"  GET (client) vendor=shop http.request.method=GET url.full=http://vendor.test/v2/items http.request.resend_count=1 " + ofServer + " " + success,
		}},
		"a token that is renewed": {[]retrywisetest.Answer{retrywisetest.Status(401), fine}, "GET", "/items", client.CallOptions{}, []string{
			"shop GET (internal) vendor=shop applied=yes attempts=2",
			`  GET (client) Error "" ` + ofGet + " " + ofServer + " class=token_expired action=refresh rule=status 401 http.response.status_code=401 applied=no error.type=token_expired",
			"  wait renewal (internal) vendor=shop wait.for=renewal",
			"  shop renewal (internal) vendor=shop",
			"  GET (client) " + ofGet + " http.request.resend_count=1 " + ofServer + " " + success,
		}},
		"a look-up": {[]retrywisetest.Answer{retrywisetest.Reset(), retrywisetest.JSON(200, `{"id":"A-1"}`)}, "POST", "/items", client.CallOptions{Op: "items.create", RecordKey: "A-1", Lookup: lookup}, []string{
			`shop items.create (internal) Error "shop items.create: network: the connection was closed; applied: yes; look-up: found (200)" vendor=shop op=items.create class=network action=accept stop=permanent rule=class network, closed applied=yes attempts=1 error.type=network`,
			`  POST (client) Error "network" vendor=shop op=items.create http.request.method=POST ` + toItems + " " + ofServer + " class=network action=retry stop=unsafe rule=class network, closed applied=unknown error.type=network",
			"  shop items.create look-up (internal) vendor=shop op=items.create lookup.answer=found applied=yes",
			"    shop items.create.lookup (internal) vendor=shop op=items.create.lookup applied=yes attempts=1",
			"      GET (client) vendor=shop op=items.create.lookup http.request.method=GET " + toItems + "/{} " + ofServer + " " + success,
		}},
		"a method that the conventions do not know": {[]retrywisetest.Answer{fine}, "PROPFIND", "/items", client.CallOptions{}, []string{
			"shop HTTP (internal) vendor=shop applied=yes attempts=1",
			"  HTTP (client) vendor=shop http.request.method=_OTHER " + toItems + " http.request.method_original=PROPFIND " + ofServer + " " + success,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				l := newLab(t, retrywiseotel.Options{})
				auth := client.RenewableBearer("old", func(context.Context) (string, time.Time, error) { return "new", time.Time{}, nil })
				c := l.client(t, retrywisetest.New(t, tt.answers...), client.Config{Auth: auth})
				_ = send(t.Context(), t, c, tt.method, tt.target, tt.options)
				if diff := cmp.Diff(tt.want, l.lines()); diff != "" {
					t.Errorf("spans (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// The port of a server is known without being written.
func TestSpansHaveTheServer(t *testing.T) {
	for target, want := range map[string]string{
		"http://vendor.test/": "vendor.test 80", "https://vendor.test/": "vendor.test 443",
		"https://vendor.test:8443/": "vendor.test 8443", "http://[::1]:8080/": "::1 8080",
	} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			l := newLab(t, retrywiseotel.Options{})
			c := l.client(t, nil, client.Config{Transport: failing{}})
			_ = send(t.Context(), t, c, "GET", target, client.CallOptions{MaxAttempts: 1})
			request := l.spans()[1]
			if got := request.value("server.address") + " " + request.value("server.port"); got != want {
				t.Errorf("%s: server %q; want %q", target, got, want)
			}
		})
	}
}

// How long a call waited, and when to run it again.
func TestSpansHaveTimes(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		l := newLab(t, retrywiseotel.Options{})
		c := l.client(t, retrywisetest.New(t, fiveSeconds, retrywisetest.Status(429, "Retry-After", "3600")), client.Config{})
		_ = send(t.Context(), t, c, "GET", "/items", client.CallOptions{})
		all := l.spans() // the call, a request, a wait, a request
		if got := []string{all[0].value("retrywise.waited"), all[0].value("retrywise.retry_at")}; cmp.Diff([]string{"5", "2000-01-01T01:00:05Z"}, got) != "" {
			t.Errorf("the call waited %v s, and is to be run again at %v", got[0], got[1])
		}
		if took := all[2].EndTime().Sub(all[2].StartTime()); took != 5*time.Second {
			t.Errorf("the wait took %v", took)
		}
	})
}

// The request on the wire has the context of its span, also below another observer's.
func TestSpansAreInTheContextOfTheRequest(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		l := newLab(t, retrywiseotel.Options{})
		var onWire trace.SpanContext
		c := l.client(t, nil, client.Config{Transport: seeing(func(ctx context.Context) { onWire = trace.SpanContextFromContext(ctx) })})
		ctx, caller := l.provider.Tracer("caller").Start(t.Context(), "caller")
		_ = send(ctx, t, c, "GET", "/items", client.CallOptions{MaxAttempts: 1})
		caller.End()
		all := l.spans() // the caller's, the call, the request
		if request := all[2]; onWire.SpanID() != request.SpanContext().SpanID() || request.depth != 2 {
			t.Errorf("the request has the context of span %v; the spans are %q", onWire.SpanID(), l.lines())
		}
		if all[1].SpanContext().TraceID() != caller.SpanContext().TraceID() {
			t.Error("the call is not in the caller's trace")
		}
	})
}

// Another observer may have its spans in between.
func TestSpansBesideAnotherObserver(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		l, other := newLab(t, retrywiseotel.Options{}), newLab(t, retrywiseotel.Options{})
		c := l.client(t, retrywisetest.New(t, unavailable, fine), client.Config{Observer: client.JoinObservers(l.Observer(), other.Observer())})
		if err := send(t.Context(), t, c, "GET", "/items", client.CallOptions{}); err != nil {
			t.Fatal(err)
		}
		for name, one := range map[string]*lab{"first": l, "second": other} {
			var names []string
			for _, s := range one.spans() {
				names = append(names, s.Name())
			}
			if diff := cmp.Diff([]string{"shop GET", "GET", "wait backoff", "GET"}, names); diff != "" {
				t.Errorf("%s: spans (-want +got):\n%s", name, diff)
			}
		}
	})
}
