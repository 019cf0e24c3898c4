package retrywiseotel_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/client"
	retrywiseotel "github.com/retrywise/retrywise/integrations/otel"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shopFile is the vendor of the tests.
const shopFile = `
vendor: shop
title: A Shop
base_url: http://vendor.test
documents:
  - {url: "http://vendor.test/docs", read: 2026-11-26, about: everything}
decode:
  - {in: /error, code: code}
codes:
  - {code: GONE, class: not_found, action: accept, summary: It is gone}
  - {code: BAD, class: validation, summary: It is bad}
idempotency: {header: Idempotency-Key}
limits:
  - {name: orders, scope: account, slots: 2, path: /orders/**}
  - {name: exports, scope: record, slots: 1, path: /exports/**}
`

func shop(t testing.TB) *vendors.Vendor {
	t.Helper()
	v, err := vendors.Parse([]byte(shopFile))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A lab is a Telemetry whose spans and metrics are kept in memory.
type lab struct {
	*retrywiseotel.Telemetry
	recorder *tracetest.SpanRecorder
	reader   *metric.ManualReader
	provider *sdktrace.TracerProvider
	meters   *metric.MeterProvider
}

func newLab(t testing.TB, o retrywiseotel.Options) *lab {
	t.Helper()
	l := &lab{recorder: tracetest.NewSpanRecorder(), reader: metric.NewManualReader()}
	l.provider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(l.recorder))
	l.meters = metric.NewMeterProvider(metric.WithReader(l.reader))
	o.TracerProvider, o.MeterProvider = l.provider, l.meters
	var err error
	if l.Telemetry, err = retrywiseotel.New(o); err != nil {
		t.Fatal(err)
	}
	return l
}

// client returns a client of the shop at srv.
func (l *lab) client(t testing.TB, srv *retrywisetest.Server, cfg client.Config) *client.Client {
	t.Helper()
	if cfg.Vendor == nil {
		cfg.Vendor = shop(t)
	}
	if cfg.Transport == nil {
		cfg.Transport = srv.Transport()
	}
	if cfg.Observer.CallStart == nil {
		cfg.Observer = l.Observer()
	}
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	t.Cleanup(l.Watch(c.Status))
	return c
}

// send sends a request with Op, and closes the response.
func send(ctx context.Context, t testing.TB, c *client.Client, method, target string, o client.CallOptions) error {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Send(client.With(req, o))
	if err == nil {
		err = resp.Body.Close()
	}
	return err
}

// A span is one that has ended, as a line of text.
type span struct {
	sdktrace.ReadOnlySpan
	depth int
}

// spans returns those that have ended, parents first, in the order in which they began.
func (l *lab) spans() []span {
	var all []span
	ended := l.recorder.Ended()
	slices.SortStableFunc(ended, func(a, b sdktrace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
	started := l.recorder.Started() // at the same time, those that began first
	order := func(s sdktrace.ReadOnlySpan) int {
		return slices.IndexFunc(started, func(o sdktrace.ReadWriteSpan) bool { return o.SpanContext().Equal(s.SpanContext()) })
	}
	slices.SortFunc(ended, func(a, b sdktrace.ReadOnlySpan) int { return order(a) - order(b) })
	var add func(parent sdktrace.ReadOnlySpan, depth int)
	add = func(parent sdktrace.ReadOnlySpan, depth int) {
		all = append(all, span{parent, depth})
		for _, s := range ended {
			if s.Parent().SpanID() == parent.SpanContext().SpanID() {
				add(s, depth+1)
			}
		}
	}
	for _, s := range ended {
		isRoot := !slices.ContainsFunc(ended, func(o sdktrace.ReadOnlySpan) bool { return o.SpanContext().SpanID() == s.Parent().SpanID() })
		if isRoot {
			add(s, 0)
		}
	}
	return all
}

// line describes a span, without attributes whose value is a matter of chance, and without our prefix.
func (s span) line() string {
	text := fmt.Sprintf("%s%s (%v)", strings.Repeat("  ", s.depth), s.Name(), s.SpanKind())
	if status := s.Status(); status.Code != codes.Unset {
		text += fmt.Sprintf(" %v %q", status.Code, status.Description)
	}
	byChance := []attribute.Key{"retrywise.waited", "retrywise.delay", "retrywise.retry_at"}
	for _, a := range s.Attributes() {
		if !slices.Contains(byChance, a.Key) {
			text += fmt.Sprintf(" %s=%s", a.Key, a.Value.String())
		}
	}
	return strings.ReplaceAll(text, " retrywise.", " ")
}

// lines are those of all spans.
func (l *lab) lines() []string {
	var all []string
	for _, s := range l.spans() {
		all = append(all, s.line())
	}
	return all
}

// value returns the value of an attribute of a span; empty: it has none.
func (s span) value(key attribute.Key) string {
	for _, a := range s.Attributes() {
		if a.Key == key {
			return a.Value.String()
		}
	}
	return ""
}

// collect reads the metrics.
func (l *lab) collect(t testing.TB) []metricdata.Metrics {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := l.reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	var found []metricdata.Metrics
	for _, s := range all.ScopeMetrics {
		found = append(found, s.Metrics...)
	}
	return found
}

// A point is one value of a metric: of a histogram, the number of what was measured.
type point struct {
	metric     string
	attributes attribute.Set
	value      float64
	sum        float64 // of a histogram
}

func (p point) String() string {
	return fmt.Sprintf("%s{%s} %v", p.metric, p.attributes.Encoded(attribute.DefaultEncoder()), p.value)
}

// points returns the values of all metrics.
func (l *lab) points(t testing.TB) []point {
	t.Helper()
	var all []point
	for _, m := range l.collect(t) {
		switch data := m.Data.(type) {
		case metricdata.Sum[int64]:
			for _, p := range data.DataPoints {
				all = append(all, point{m.Name, p.Attributes, float64(p.Value), 0})
			}
		case metricdata.Gauge[float64]:
			for _, p := range data.DataPoints {
				all = append(all, point{m.Name, p.Attributes, p.Value, 0})
			}
		case metricdata.Histogram[float64]:
			for _, p := range data.DataPoints {
				all = append(all, point{m.Name, p.Attributes, float64(p.Count), p.Sum})
			}
		case metricdata.Histogram[int64]:
			for _, p := range data.DataPoints {
				all = append(all, point{m.Name, p.Attributes, float64(p.Count), float64(p.Sum)})
			}
		default:
			t.Fatalf("%s: unexpected data %T", m.Name, data)
		}
	}
	return all
}

// pointsOf returns those of some metrics, as sorted lines.
func (l *lab) pointsOf(t testing.TB, prefixes ...string) []string {
	t.Helper()
	var lines []string
	for _, p := range l.points(t) {
		if slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(p.metric, prefix) }) {
			lines = append(lines, strings.NewReplacer("retrywise.client.", "", "retrywise.", "").Replace(p.String()))
		}
	}
	slices.Sort(lines)
	return lines
}

// Answers of the shop.
var (
	fine        = retrywisetest.JSON(200, `{}`)
	unavailable = retrywisetest.Status(503)
	fiveSeconds = retrywisetest.Status(429, "Retry-After", "5")
	bad         = retrywisetest.JSON(400, `{"error":{"code":"BAD"}}`)
	gone        = retrywisetest.JSON(404, `{"error":{"code":"GONE"}}`)
)

// failing is a transport that sends nothing.
type failing struct{}

func (failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, http.ErrHandlerTimeout }

// seeing is a transport that shows the context of a request, and sends nothing.
type seeing func(context.Context)

func (f seeing) RoundTrip(req *http.Request) (*http.Response, error) {
	f(req.Context())
	return nil, http.ErrHandlerTimeout
}
