package retrywiseotel_test

import (
	"context"
	"net"
	"net/http"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	retrywiseotel "github.com/retrywise/retrywise/integrations/otel"
	"github.com/retrywise/retrywise/retrywisetest"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// hosts is a transport to several servers, by host.
type hosts map[string]http.RoundTripper

func (h hosts) RoundTrip(req *http.Request) (*http.Response, error) {
	return h[req.URL.Host].RoundTrip(req)
}

// inTrace returns a context with baggage, within a span of the caller's that has a tracestate.
func inTrace(t *testing.T, l *lab) context.Context {
	t.Helper()
	member, err := baggage.NewMember("customer", "jane")
	if err != nil {
		t.Fatal(err)
	}
	all, err := baggage.New(member)
	if err != nil {
		t.Fatal(err)
	}
	state, err := trace.ParseTraceState("inner=secret")
	if err != nil {
		t.Fatal(err)
	}
	remote := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, TraceState: state, Remote: true})
	ctx, span := l.provider.Tracer("caller").Start(trace.ContextWithRemoteSpanContext(baggage.ContextWithBaggage(t.Context(), all), remote), "caller")
	t.Cleanup(func() { span.End() })
	return ctx
}

// What the vendor, and another origin that a redirect leads to, get of a trace.
func TestTransportTellsTheVendorTheTrace(t *testing.T) {
	all := propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
	for name, tt := range map[string]struct {
		isUsed     bool
		propagator propagation.TextMapPropagator
		want       []string // headers of requests to the vendor
	}{
		"without it":               {false, all, nil},
		"by default":               {true, nil, []string{"Traceparent"}},
		"with another propagator":  {true, all, []string{"Traceparent", "Tracestate", "Baggage"}},
		"with one that adds none":  {true, propagation.NewCompositeTextMapPropagator(), nil},
		"with one that adds two":   {true, propagation.TraceContext{}, []string{"Traceparent", "Tracestate"}},
		"with one for the baggage": {true, propagation.Baggage{}, []string{"Baggage"}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				l := newLab(t, retrywiseotel.Options{Propagator: tt.propagator})
				vendor := retrywisetest.New(t, unavailable, retrywisetest.Status(302, "Location", "http://storage.test/7"))
				storage := retrywisetest.New(t, fine)
				var rt http.RoundTripper = hosts{"vendor.test": vendor.Transport(), "storage.test": storage.Transport()}
				if tt.isUsed {
					rt = l.Transport(rt)
				}
				c := l.client(t, nil, client.Config{Transport: rt})
				if err := send(inTrace(t, l), t, c, "GET", "/items", client.CallOptions{}); err != nil {
					t.Fatal(err)
				}
				want := [][]string{tt.want, tt.want, nil}
				if diff := cmp.Diff(want, propagated(append(vendor.Requests(), storage.Requests()...))); diff != "" {
					t.Errorf("headers (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// propagated returns which headers of a trace each request has.
func propagated(requests []retrywisetest.Request) [][]string {
	all := make([][]string, len(requests))
	for i, r := range requests {
		for _, header := range []string{"Traceparent", "Tracestate", "Baggage"} {
			if r.Header.Get(header) != "" {
				all[i] = append(all[i], header)
			}
		}
	}
	return all
}

// Each request has the span of its attempt, even if another observer's span lies between.
func TestTransportSendsTheSpanOfTheAttempt(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		l, other := newLab(t, retrywiseotel.Options{}), newLab(t, retrywiseotel.Options{})
		srv := retrywisetest.New(t, unavailable, fine)
		c := l.client(t, srv, client.Config{Transport: l.Transport(srv.Transport()), Observer: client.JoinObservers(l.Observer(), other.Observer())})
		if err := send(t.Context(), t, c, "GET", "/items", client.CallOptions{}); err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for _, s := range l.spans() {
			if s.SpanKind() == trace.SpanKindClient {
				want = append(want, "00-"+s.SpanContext().TraceID().String()+"-"+s.SpanContext().SpanID().String()+"-01")
			}
		}
		for _, r := range srv.Requests() {
			got = append(got, r.Header.Get("Traceparent"))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("traceparent (-want +got):\n%s", diff)
		}
	})
}

// A request that is not an attempt of an observed call goes on as it is.
func TestTransportLeavesOtherRequestsAlone(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		l := newLab(t, retrywiseotel.Options{})
		srv := retrywisetest.New(t, fine)
		req, err := http.NewRequestWithContext(inTrace(t, l), http.MethodGet, srv.URL(), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&http.Client{Transport: l.Transport(srv.Transport())}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := srv.Requests()[0].Header.Get("Traceparent"); got != "" {
			t.Errorf("traceparent %q", got)
		}
	})
}

// Below the transport, a client.Transport proves that a write was not sent: it is retried.
func TestTransportKeepsTheProof(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		l := newLab(t, retrywiseotel.Options{})
		srv := retrywisetest.New(t, fine)
		dials := 0
		base := client.NewTransport()
		base.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials++; dials == 1 {
				return nil, syscall.ECONNREFUSED
			}
			return srv.Transport().DialContext(ctx, network, address)
		}
		transport := l.Transport(base)
		defer (&http.Client{Transport: transport}).CloseIdleConnections()
		c := l.client(t, srv, client.Config{Transport: transport})
		if err := send(t.Context(), t, c, "POST", "/items", client.CallOptions{}); err != nil || dials != 2 {
			t.Errorf("got %v after %d dials; want a retry", err, dials)
		}
		if got := l.pointsOf(t, "retrywise.client.call.transparent"); len(got) != 1 {
			t.Errorf("transparent retries: %q", got)
		}
	})
}
