package retrywiseotel

import (
	"sync"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/traffic"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// scope names this package to OpenTelemetry.
const scope = "github.com/retrywise/retrywise/integrations/otel"

// Options choose where traces and metrics go. The zero Options take what the program has set for
// all in package otel.
type Options struct {
	// TracerProvider makes the spans. nil: otel.GetTracerProvider(). One of package noop of
	// OpenTelemetry turns traces off.
	TracerProvider trace.TracerProvider

	// MeterProvider makes the metrics. nil: otel.GetMeterProvider().
	MeterProvider metric.MeterProvider

	// Propagator makes the headers that Telemetry.Transport adds to requests. nil: traceparent
	// alone, without the tracestate and the baggage, which are for those who run the program.
	Propagator propagation.TextMapPropagator
}

// A Telemetry makes traces and metrics of calls. One is enough for all Clients of a program. It is
// safe for concurrent use. Make one with New.
type Telemetry struct {
	tracer      trace.Tracer
	propagator  propagation.TextMapPropagator
	instruments *instruments
	ops         ops
	keys        [kinds]byte // whose addresses are the keys of this Telemetry in a context

	mu      sync.Mutex
	watched map[*func() []traffic.Status]struct{}
}

// New returns a Telemetry. The error is that of the MeterProvider, if it refuses an instrument.
func New(o Options) (*Telemetry, error) {
	if o.TracerProvider == nil {
		o.TracerProvider = otel.GetTracerProvider()
	}
	if o.MeterProvider == nil {
		o.MeterProvider = otel.GetMeterProvider()
	}
	if o.Propagator == nil {
		o.Propagator = traceparent{}
	}
	t := &Telemetry{
		tracer:     o.TracerProvider.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL)),
		propagator: o.Propagator,
		watched:    map[*func() []traffic.Status]struct{}{},
	}
	var err error
	t.instruments, err = newInstruments(o.MeterProvider.Meter(scope), t.observe)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Observer returns what a client.Config takes. client.JoinObservers joins it with another one.
func (t *Telemetry) Observer() client.Observer {
	return client.Observer{
		CallStart: t.callStart, CallEnd: t.callEnd,
		AttemptStart: t.attemptStart, AttemptEnd: t.attemptEnd,
		WaitStart: t.waitStart, WaitEnd: t.waitEnd,
		RenewalStart: t.renewalStart, RenewalEnd: t.renewalEnd,
		LookupStart: t.lookupStart, LookupEnd: t.lookupEnd,
	}
}

// Watch has the metrics show what holds back calls now, as a Client's Status returns it: the
// queue, limits, gates, outages and the retry budget. stop ends that; call it before the Client is
// closed. What several Clients say is put together by vendor. Clients that share a Config.Traffic
// say the same: of these, watch one for each vendor.
func (t *Telemetry) Watch(status func() []traffic.Status) (stop func()) {
	key := &status
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watched[key] = struct{}{}
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.watched, key)
	}
}

// statuses returns what holds back calls, of all that are watched.
func (t *Telemetry) statuses() []traffic.Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []traffic.Status
	for status := range t.watched {
		all = append(all, (*status)()...)
	}
	return all
}
