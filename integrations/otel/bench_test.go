package retrywiseotel_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	retrywiseotel "github.com/retrywise/retrywise/integrations/otel"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// inMemory responds at once, so that only the client and its Observer are measured.
type inMemory struct{}

func (inMemory) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: req}, nil
}

// observers are ways to watch a call that does not fail, from none to all of it.
func observers(tb testing.TB) map[string]client.Observer {
	tb.Helper()
	meters := metric.NewMeterProvider(metric.WithReader(metric.NewManualReader()))
	of := func(o retrywiseotel.Options) client.Observer {
		telemetry, err := retrywiseotel.New(o)
		if err != nil {
			tb.Fatal(err)
		}
		return telemetry.Observer()
	}
	return map[string]client.Observer{
		"none":        {},
		"metrics":     of(retrywiseotel.Options{TracerProvider: tracenoop.NewTracerProvider(), MeterProvider: meters}),
		"not-sampled": of(retrywiseotel.Options{TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())), MeterProvider: meters}),
		"traces":      of(retrywiseotel.Options{TracerProvider: sdktrace.NewTracerProvider(), MeterProvider: metricnoop.NewMeterProvider()}),
		"all":         of(retrywiseotel.Options{TracerProvider: sdktrace.NewTracerProvider(), MeterProvider: meters}),
	}
}

// aHealthyCall returns a function that makes one call with an Observer, to a server or, if there is no
// URL of one, over a transport that responds at once.
func aHealthyCall(tb testing.TB, o client.Observer, server string) func() {
	tb.Helper()
	cfg := client.Config{BaseURL: server, Observer: o}
	if server == "" {
		cfg.BaseURL, cfg.Transport = "http://vendor.test", inMemory{}
	}
	c, err := client.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	ctx := tb.Context()
	return func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "/items/7", nil)
		if err != nil {
			tb.Fatal(err)
		}
		resp, err := c.Send(client.With(req, client.CallOptions{Op: "items.get"}))
		if err != nil {
			tb.Fatal(err)
		}
		_ = resp.Body.Close()
	}
}

// BenchmarkHealthyCall compares a call that does not fail with the same without an Observer, some of
// each in turn: "ratio" is the time of one by that of the other, in the median. In memory, nothing
// else takes time; loopback has a server of net/http. That of "none" shows how exact a ratio is.
func BenchmarkHealthyCall(b *testing.B) {
	loopback := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer loopback.Close()
	for where, server := range map[string]string{"in-memory": "", "loopback": loopback.URL} {
		b.Run(where, func(b *testing.B) { compare(b, server) })
	}
}

func compare(b *testing.B, server string) {
	all := observers(b)
	bare := aHealthyCall(b, all["none"], server)
	for _, name := range []string{"none", "metrics", "not-sampled", "traces", "all"} {
		b.Run(name, func(b *testing.B) {
			call := aHealthyCall(b, all[name], server)
			const batch = 20 // calls between two looks at the clock
			var ratios, added []float64
			for n := 1; b.Loop(); n++ {
				if n%batch != 0 {
					continue
				}
				start := time.Now()
				for range batch {
					bare()
				}
				middle := time.Now()
				for range batch {
					call()
				}
				without, with := middle.Sub(start), time.Since(middle)
				ratios = append(ratios, with.Seconds()/without.Seconds())
				added = append(added, float64((with-without).Nanoseconds())/batch)
			}
			if len(ratios) == 0 {
				return // the first rounds are too short
			}
			b.ReportMetric(median(ratios), "ratio")
			b.ReportMetric(median(added), "ns-added/call")
			b.ReportMetric(testing.AllocsPerRun(100, call)-testing.AllocsPerRun(100, bare), "allocs-added/call")
		})
	}
}

// median is less moved than a mean by what else the machine does.
func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// The number of allocations that a call makes for its Observer is bounded; with the race detector it is a
// little larger.
func TestAllocationsOfAHealthyCall(t *testing.T) {
	all := observers(t)
	bare := testing.AllocsPerRun(1000, aHealthyCall(t, all["none"], ""))
	for name, most := range map[string]float64{"metrics": 18, "not-sampled": 22, "traces": 32, "all": 32} {
		got := testing.AllocsPerRun(1000, aHealthyCall(t, all[name], "")) - bare
		t.Logf("%s: %v allocations more than the %v without an Observer", name, got, bare)
		if got > most {
			t.Errorf("%s: %v allocations more; want at most %v", name, got, most)
		}
	}
}
