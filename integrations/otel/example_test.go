package retrywiseotel_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/retrywise/retrywise/client"
	retrywiseotel "github.com/retrywise/retrywise/integrations/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// notFound is a vendor that has nothing.
type notFound struct{}

func (notFound) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: req}, nil
}

func Example() {
	exporter := tracetest.NewInMemoryExporter() // a program has one for its collector, and a MeterProvider
	telemetry, err := retrywiseotel.New(retrywiseotel.Options{TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))})
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := client.New(client.Config{
		BaseURL:   "https://api.example.com",
		Transport: notFound{}, // of the example
		Observer:  client.JoinObservers(telemetry.Observer(), client.Observer{ /* yours */ }),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = c.Close() }()
	defer telemetry.Watch(c.Status)()

	_, err = client.Do[struct{}](context.Background(), c, client.Call{Path: "/contacts/jane@example.com", Query: url.Values{"fields": {"name"}}, Options: client.CallOptions{Op: "contacts.get"}})
	fmt.Println(err)
	for _, span := range exporter.GetSpans() { // the first to end first
		fmt.Println(span.Name, span.Status.Code)
		for _, a := range span.Attributes {
			switch a.Key {
			case "url.full", "http.response.status_code", "error.type", "retrywise.action":
				fmt.Printf("  %s: %s\n", a.Key, a.Value.String())
			}
		}
	}
	// Output:
	// contacts.get: not_found (404)
	// GET Error
	//   url.full: https://api.example.com/contacts/{}
	//   retrywise.action: surface
	//   http.response.status_code: 404
	//   error.type: not_found
	// contacts.get Error
	//   retrywise.action: surface
	//   error.type: not_found
}
