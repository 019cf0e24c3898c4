package retrywiseotel_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseotel "github.com/retrywise/retrywise/integrations/otel"
	"github.com/retrywise/retrywise/traffic"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.yaml.in/yaml/v3"
)

// prometheusNames returns the names that a metric has in Prometheus, by the specification of
// OpenTelemetry: "Prometheus and OpenMetrics Compatibility".
func prometheusNames(m metricdata.Metrics) []string {
	name := strings.ReplaceAll(m.Name, ".", "_")
	unit := map[string]string{"s": "seconds"}[m.Unit] // one in braces has no name
	_, isGauge := m.Data.(metricdata.Gauge[float64])
	if m.Unit == "1" && isGauge {
		unit = "ratio"
	}
	if unit != "" && !strings.HasSuffix(name, "_"+unit) {
		name += "_" + unit
	}
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		if data.IsMonotonic {
			name += "_total"
		}
	case metricdata.Histogram[float64], metricdata.Histogram[int64]:
		return []string{name + "_bucket", name + "_sum", name + "_count"}
	}
	return []string{name}
}

// emitted returns the labels of each metric by its name in Prometheus, of all instruments with all
// their attributes.
func emitted(t *testing.T) map[string]map[string]bool {
	t.Helper()
	l := newLab(t, retrywiseotel.Options{})
	o, ctx := l.Observer(), t.Context()
	shop := client.Subject{Vendor: "shop", Op: "items.get", Method: "GET"}
	defer l.Watch(func() []traffic.Status {
		return []traffic.Status{{Account: traffic.Account{Vendor: "shop"}, Limits: []traffic.LimitUse{{Limit: "orders", Size: 1}}}}
	})()
	ctx = o.CallStart(ctx, client.CallEvent{Subject: shop})
	o.WaitEnd(ctx, client.WaitEvent{Subject: shop, For: "limit orders"})
	o.RenewalEnd(ctx, client.RenewalEvent{Vendor: "shop"})
	for _, status := range []int{0, 503, 200} {
		attempt := client.AttemptEvent{Subject: shop, Status: status, Class: apierrors.ServerError, Applied: apierrors.AppliedNo}
		o.AttemptEnd(o.AttemptStart(ctx, attempt), attempt)
	}
	o.LookupEnd(ctx, client.LookupEvent{Subject: shop})
	o.CallEnd(ctx, client.CallEvent{Subject: shop, Waited: 1})
	labels := map[string]map[string]bool{}
	for _, p := range l.points(t) {
		for _, m := range l.collect(t) {
			if m.Name != p.metric {
				continue
			}
			for _, name := range prometheusNames(m) {
				if labels[name] == nil {
					labels[name] = map[string]bool{"le": strings.HasSuffix(name, "_bucket")}
				}
				for _, key := range keysOf(p.attributes) {
					labels[name][strings.ReplaceAll(key, ".", "_")] = true
				}
			}
		}
	}
	return labels
}

func keysOf(set attribute.Set) (keys []string) {
	for _, a := range set.ToSlice() {
		keys = append(keys, string(a.Key))
	}
	return keys
}

// Words of PromQL and of Grafana that are neither a metric nor a label.
var (
	notNames = []string{
		"sum", "min", "max", "by", "rate", "increase", "avg_over_time", "histogram_quantile", "vector", "label_values", "and", "or", "unless", "offset",
	}
	quoted   = regexp.MustCompile(`"[^"]*"`)
	inBraces = regexp.MustCompile(`(\w+)\{([^}]*)\}`)
	matcher  = regexp.MustCompile(`(\w+)\s*(=~|!~|!=|=)`)
	inSquare = regexp.MustCompile(`\[[^\]]*\]`)
	word     = regexp.MustCompile(`\b[a-zA-Z_]\w*`)
)

// problems returns what is wrong with an expression of PromQL: names that nothing emits, and labels
// that the metrics in it do not have.
func problems(expr string, labels map[string]map[string]bool) (found []string) {
	expr = inSquare.ReplaceAllString(quoted.ReplaceAllString(expr, `""`), "")
	for _, m := range inBraces.FindAllStringSubmatch(expr, -1) {
		for _, label := range matcher.FindAllStringSubmatch(m[2], -1) {
			if !labels[m[1]][label[1]] {
				found = append(found, m[1]+" has no label "+label[1])
			}
		}
	}
	expr = inBraces.ReplaceAllString(expr, "$1")
	words := word.FindAllString(expr, -1)
	isThere := false
	for _, w := range words {
		isMetric := labels[w] != nil
		isThere = isThere || isMetric
		isLabel := slices.ContainsFunc(words, func(metric string) bool { return labels[metric][w] })
		if !isMetric && !isLabel && !slices.Contains(notNames, w) {
			found = append(found, "nothing emits "+w)
		}
	}
	if !isThere {
		found = append(found, "there is no metric")
	}
	return found
}

// The check of expressions finds what is wrong.
func TestProblemsOfAnExpression(t *testing.T) {
	labels := map[string]map[string]bool{"calls_total": {"vendor": true}, "calls_bucket": {"le": true, "vendor": true}}
	for expr, want := range map[string]int{
		`sum by (vendor) (rate(calls_total{vendor=~"$x|op"}[5m]))`: 0,
		`sum by (le) (rate(calls_bucket[5m])) offset 15m`:          0,
		`sum by (op) (rate(calls_total[5m]))`:                      1,
		`sum by (le) (rate(calls_total[5m]))`:                      1,
		`calls_total{op="x", vendor!="y"}`:                         1,
		`calls{vendor="x"}`:                                        3,
		`vector(0)`:                                                1,
	} {
		if got := problems(expr, labels); len(got) != want {
			t.Errorf("%s: %q; want %d problems", expr, got, want)
		}
	}
}

// A dashboard is what is checked of one of Grafana.
type dashboard struct {
	Title      string
	Templating struct {
		List []struct{ Name, Type, Definition string }
	}
	Panels []struct {
		ID      int
		Title   string
		Type    string
		GridPos struct{ H, W, X, Y int }
		Targets []struct{ Expr, LegendFormat string }
	}
}

// Each metric and label of the dashboard is one that is emitted, each metric that is emitted is shown,
// and no panel lies upon another.
func TestDashboardShowsWhatIsEmitted(t *testing.T) {
	text, err := os.ReadFile("dashboards/retrywise.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	labels := emitted(t)
	shown := ""
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		for _, p := range problems(v.Definition, labels) {
			t.Errorf("variable %s: %s", v.Name, p)
		}
	}
	for i, p := range d.Panels {
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("%s shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			shown += target.Expr + "\n"
			for _, problem := range problems(target.Expr, labels) {
				t.Errorf("%s: %s", p.Title, problem)
			}
			for _, label := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(target.LegendFormat, -1) {
				if !strings.Contains(target.Expr, label[1]) {
					t.Errorf("%s: the legend has %s, which the expression drops", p.Title, label[1])
				}
			}
		}
		for _, other := range d.Panels[:i] {
			a, b := p.GridPos, other.GridPos
			if p.ID == other.ID || a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("%s and %s have the same place or ID", p.Title, other.Title)
			}
		}
	}
	for _, name := range baseNames(labels) {
		if !strings.Contains(shown, name) {
			t.Errorf("no panel shows %s", name)
		}
	}
}

// baseNames returns the names of metrics, once for each histogram.
func baseNames(labels map[string]map[string]bool) (names []string) {
	for name := range labels {
		name = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_sum"), "_count")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Each metric and label of the alerts, and of their test, is one that is emitted.
func TestAlertsAreAboutWhatIsEmitted(t *testing.T) {
	var alerts struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Labels      map[string]string
				Annotations map[string]string
			}
		}
	}
	var tests struct {
		Tests []struct {
			InputSeries   []struct{ Series string }    `yaml:"input_series"`
			AlertRuleTest []struct{ Alertname string } `yaml:"alert_rule_test"`
		}
	}
	for name, into := range map[string]any{"alerts.yaml": &alerts, "alerts_test.yaml": &tests} {
		text, err := os.ReadFile("dashboards/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	labels := emitted(t)
	tested := map[string]bool{}
	for _, test := range tests.Tests {
		for _, s := range test.InputSeries {
			for _, p := range problems(s.Series, labels) {
				t.Errorf("the test: %s", p)
			}
		}
		for _, a := range test.AlertRuleTest {
			tested[a.Alertname] = true
		}
	}
	rules := alerts.Groups[0].Rules
	if len(rules) == 0 {
		t.Fatal("there are no alerts")
	}
	for _, r := range rules {
		for _, p := range problems(r.Expr, labels) {
			t.Errorf("%s: %s", r.Alert, p)
		}
		for _, label := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(r.Annotations["summary"], -1) {
			if !strings.Contains(r.Expr, label[1]) {
				t.Errorf("%s: the summary has %s, which the expression drops", r.Alert, label[1])
			}
		}
		if r.Labels["severity"] == "" || r.Annotations["summary"] == "" || !tested[r.Alert] {
			t.Errorf("%s has no severity, no summary or no test", r.Alert)
		}
	}
}

// The table of README.md has each metric, and no other.
func TestReadmeListsTheMetrics(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed, want []string
	for _, m := range regexp.MustCompile("`(?:retrywise\\.client)?\\.([a-z_.]+)`").FindAllStringSubmatch(string(text), -1) {
		listed = append(listed, "retrywise_client_"+strings.ReplaceAll(m[1], ".", "_"))
	}
	for name := range emitted(t) {
		for _, suffix := range []string{"_bucket", "_sum", "_count", "_total", "_seconds", "_ratio"} {
			name = strings.TrimSuffix(name, suffix)
		}
		if !slices.Contains(want, name) {
			want = append(want, name)
		}
	}
	for _, name := range want {
		if !slices.Contains(listed, name) {
			t.Errorf("README.md does not list %s", name)
		}
	}
	for _, name := range listed {
		if !slices.Contains(want, name) {
			t.Errorf("README.md lists %s, which nothing emits", name)
		}
	}
}
