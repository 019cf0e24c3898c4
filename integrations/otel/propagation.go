package retrywiseotel

import (
	"context"
	"net/http"

	"github.com/retrywise/retrywise/client"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Transport returns a RoundTripper for client.Config.Transport that adds the headers of
// Options.Propagator to each request, by default a traceparent with the span of the attempt. Use
// it where the vendor continues the trace, as within a company. Without it, a request has no such
// header. A request that goes elsewhere, such as by a redirect to another origin, gets none either.
//
// base sends the requests. nil stands for client.NewTransport(); pass one of these, wrapped or not, to
// keep the proof of what was sent.
func (t *Telemetry) Transport(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = client.NewTransport()
	}
	return &transport{t, base}
}

// A transport adds headers to the requests of attempts.
type transport struct {
	telemetry *Telemetry
	base      http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	s := t.telemetry.state(req.Context(), ofAttempt)
	if s == nil || s.foreign {
		return t.base.RoundTrip(req)
	}
	out := *req
	out.Header = req.Header.Clone()                     // the Client has made one
	ctx := trace.ContextWithSpan(req.Context(), s.span) // not one that another observer put between
	t.telemetry.propagator.Inject(ctx, propagation.HeaderCarrier(out.Header))
	return t.base.RoundTrip(&out)
}

// CloseIdleConnections closes those of the RoundTripper that sends the requests.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// A traceparent is the W3C propagator for traces without the tracestate.
type traceparent struct{ propagation.TraceContext }

const traceparentName = "traceparent"

// Inject implements propagation.TextMapPropagator.
func (p traceparent) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	all := propagation.MapCarrier{}
	p.TraceContext.Inject(ctx, all)
	if value := all.Get(traceparentName); value != "" {
		carrier.Set(traceparentName, value)
	}
}

// Fields implements propagation.TextMapPropagator.
func (traceparent) Fields() []string { return []string{traceparentName} }
