package retrywiseotel_test

import (
	"errors"
	"testing"

	"github.com/retrywise/retrywise/client"
	retrywiseotel "github.com/retrywise/retrywise/integrations/otel"
	"github.com/retrywise/retrywise/retrywisetest"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	nooptrace "go.opentelemetry.io/otel/trace/noop"
)

// Without Options, a Telemetry takes what the program has set for all.
func TestNewTakesTheGlobalProviders(t *testing.T) {
	before, beforeMeters := otel.GetTracerProvider(), otel.GetMeterProvider()
	defer func() { otel.SetTracerProvider(before); otel.SetMeterProvider(beforeMeters) }()
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		l := newLab(t, retrywiseotel.Options{})
		otel.SetTracerProvider(l.provider)
		otel.SetMeterProvider(l.meters)
		var err error
		if l.Telemetry, err = retrywiseotel.New(retrywiseotel.Options{}); err != nil {
			t.Fatal(err)
		}
		c := l.client(t, retrywisetest.New(t, fine), client.Config{})
		if err := send(t.Context(), t, c, "GET", "/items", client.CallOptions{}); err != nil {
			t.Fatal(err)
		}
		if len(l.spans()) != 2 || len(l.pointsOf(t, "retrywise.client.calls")) != 1 {
			t.Errorf("spans %q, metrics %q; want 2, 1", l.lines(), l.pointsOf(t, "retrywise.client.calls"))
		}
	})
}

// Providers that record nothing are fine: traces and metrics can be turned off.
func TestNewWithProvidersThatRecordNothing(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		telemetry, err := retrywiseotel.New(retrywiseotel.Options{TracerProvider: nooptrace.NewTracerProvider(), MeterProvider: noop.NewMeterProvider()})
		if err != nil {
			t.Fatal(err)
		}
		l := newLab(t, retrywiseotel.Options{})
		c := l.client(t, retrywisetest.New(t, unavailable, fine), client.Config{Observer: telemetry.Observer()})
		if err := send(t.Context(), t, c, "GET", "/items", client.CallOptions{}); err != nil {
			t.Error(err)
		}
		if len(l.spans()) != 0 {
			t.Errorf("spans %q", l.lines())
		}
	})
}

// refusing is a MeterProvider that refuses instruments.
type refusing struct{ noop.MeterProvider }

func (refusing) Meter(string, ...metric.MeterOption) metric.Meter { return refusingMeter{} }

type refusingMeter struct{ noop.Meter }

var errRefused = errors.New("no such instrument")

func (refusingMeter) Int64Counter(string, ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return noop.Int64Counter{}, errRefused
}

// The error of New is that of the provider.
func TestNewSaysWhyAnInstrumentIsRefused(t *testing.T) {
	if _, err := retrywiseotel.New(retrywiseotel.Options{MeterProvider: refusing{}}); !errors.Is(err, errRefused) {
		t.Errorf("got %v; want %v", err, errRefused)
	}
}
