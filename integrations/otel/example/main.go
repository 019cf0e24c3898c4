// Command example prints the trace of a call that meets a 503, a 429 and a success, and the metrics
// that it leaves. It needs no network:
//
//	go run ./example
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/retrywise/retrywise/client"
	retrywiseotel "github.com/retrywise/retrywise/integrations/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer) error {
	// What a program has once, with the exporters of its choice. These keep all in memory.
	spans, reader := tracetest.NewInMemoryExporter(), metric.NewManualReader()
	traces, meters := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)), metric.NewMeterProvider(metric.WithReader(reader))
	telemetry, err := retrywiseotel.New(retrywiseotel.Options{TracerProvider: traces, MeterProvider: meters})
	if err != nil {
		return err
	}

	// What it has for each vendor.
	c, err := client.New(client.Config{BaseURL: "https://api.example.com", Transport: telemetry.Transport(&vendor{}), Observer: telemetry.Observer()})
	if err != nil {
		return err
	}
	defer c.Close()
	defer telemetry.Watch(c.Status)()

	// A call, within a span of the program.
	ctx, job := traces.Tracer("example").Start(ctx, "nightly sync")
	_, err = client.Do[struct{}](ctx, c, client.Call{Path: "/contacts/42", Query: url.Values{"fields": {"email"}}, Options: client.CallOptions{Op: "contacts.get"}})
	job.End()
	if err != nil {
		return err
	}
	printTrace(w, spans.GetSpans())
	return printMetrics(ctx, w, reader)
}

// A vendor is unavailable first, and then refuses one request.
type vendor struct{ requests int }

// RoundTrip implements http.RoundTripper.
func (v *vendor) RoundTrip(req *http.Request) (*http.Response, error) {
	v.requests++
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: req}
	switch v.requests {
	case 1:
		resp.StatusCode = http.StatusServiceUnavailable
	case 2:
		resp.StatusCode = http.StatusTooManyRequests
		resp.Header.Set("Retry-After", "1")
	}
	return resp, nil
}

// printTrace prints spans as a tree, with the time at which each began.
func printTrace(w io.Writer, spans tracetest.SpanStubs) {
	slices.SortStableFunc(spans, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	var print func(parent trace.SpanID, indent string)
	print = func(parent trace.SpanID, indent string) {
		for _, s := range spans {
			if s.Parent.SpanID() != parent {
				continue
			}
			began, took := s.StartTime.Sub(spans[0].StartTime), s.EndTime.Sub(s.StartTime)
			fmt.Fprintf(w, "%5.2fs %5.2fs  %s%s%s\n", began.Seconds(), took.Seconds(), indent, s.Name, details(s.Attributes))
			print(s.SpanContext.SpanID(), indent+"  ")
		}
	}
	fmt.Fprintln(w, "began  took    span")
	print(trace.SpanID{}, "")
}

// details returns the attributes of a span that differ from one to the next.
func details(attributes []attribute.KeyValue) (text string) {
	common := []attribute.Key{"retrywise.op", "http.request.method", "server.address", "server.port", "retrywise.rule", "error.type"}
	for _, a := range attributes {
		if !slices.Contains(common, a.Key) {
			text += fmt.Sprintf(" %s=%s", a.Key, a.Value.String())
		}
	}
	return text
}

// printMetrics prints what was counted and measured, without the present state.
func printMetrics(ctx context.Context, w io.Writer, reader metric.Reader) error {
	var all metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &all); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, m := range all.ScopeMetrics[0].Metrics {
		switch data := m.Data.(type) {
		case metricdata.Sum[int64]:
			for _, p := range data.DataPoints {
				if data.IsMonotonic {
					fmt.Fprintf(w, "%s {%s}: %d\n", m.Name, valuesOf(p.Attributes), p.Value)
				}
			}
		case metricdata.Histogram[float64]:
			for _, p := range data.DataPoints {
				fmt.Fprintf(w, "%s {%s}: %d, %.2f %s in all\n", m.Name, valuesOf(p.Attributes), p.Count, p.Sum, m.Unit)
			}
		}
	}
	return nil
}

// valuesOf returns the values of attributes.
func valuesOf(set attribute.Set) string {
	var values []string
	for _, a := range set.ToSlice() {
		values = append(values, a.Value.String())
	}
	return strings.Join(values, ", ")
}
