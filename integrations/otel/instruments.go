package retrywiseotel

import (
	"context"
	"errors"

	"github.com/retrywise/retrywise/client"
	"go.opentelemetry.io/otel/metric"
)

// instruments are the metrics, and the attributes of what was measured.
type instruments struct {
	calls, attempts                                         metric.Int64Counter
	callDuration, attemptDuration, retryDelay               metric.Float64Histogram
	waitDuration, renewalDuration, lookupDuration           metric.Float64Histogram
	retries, transparent                                    metric.Int64Histogram
	waiting, active, limitWaiting, gates, outages           metric.Int64ObservableUpDownCounter
	limitUtilization, gateRemaining, outageAge, retriesLeft metric.Float64ObservableGauge

	ofOps     series[opLabel]
	ofClasses series[classLabel]
	ofActions series[actionLabel]
	ofCalls   series[callLabel]
	ofWaits   series[waitLabel]
	ofLookups series[lookupLabel]
}

// Bounds of histograms, in seconds: of requests, which are those of the semantic conventions and two
// more, of what includes waits, and of numbers of retries.
var (
	requestBounds = []float64{.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 30, 60}
	waitBounds    = []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600}
	retryBounds   = []float64{1, 2, 3, 4, 5, 10}
)

// newInstruments makes all instruments. observe is called when the metrics are read.
func newInstruments(meter metric.Meter, observe metric.Callback) (*instruments, error) {
	m := maker{meter: meter}
	in := &instruments{
		calls:    m.counter("retrywise.client.calls", "{call}", "Calls that ended."),
		attempts: m.counter("retrywise.client.attempts", "{attempt}", "Requests that ended, each redirect and each retry included."),

		callDuration:    m.duration("retrywise.client.call.duration", "How long calls took, with their waits and retries.", waitBounds),
		attemptDuration: m.duration("retrywise.client.attempt.duration", "How long requests took, until their responses were judged.", requestBounds),
		retryDelay:      m.duration("retrywise.client.call.retry_delay", "How long calls that waited did so in all, except for a renewal.", waitBounds),
		waitDuration:    m.duration("retrywise.client.wait.duration", "How long each wait took.", waitBounds),
		renewalDuration: m.duration("retrywise.client.renewal.duration", "How long renewals of credentials took.", requestBounds),
		lookupDuration:  m.duration("retrywise.client.lookup.duration", "How long look-ups of outcomes took.", waitBounds),

		retries:     m.numbers("retrywise.client.call.retries", "{retry}", "Retries of calls that had some, without transparent ones."),
		transparent: m.numbers("retrywise.client.call.transparent_retries", "{transparent_retry}", "Retries of calls that had some, of requests which the vendor did not see."),

		waiting:      m.sum("retrywise.client.waiting_requests", "{request}", "Requests that wait until they may be sent."),
		active:       m.sum("retrywise.client.active_requests", "{request}", "Requests that were sent and have not ended."),
		limitWaiting: m.sum("retrywise.client.limit.waiting_requests", "{request}", "Requests that a limit holds back."),
		gates:        m.sum("retrywise.client.gates", "{gate}", "Gates that are closed: limits of accounts that a response said are reached."),
		outages:      m.sum("retrywise.client.outages", "{outage}", "Accounts, or endpoints of them, in an outage."),

		limitUtilization: m.gauge("retrywise.client.limit.utilization", "1", "The part of a limit that is used, in the account that uses most of it."),
		gateRemaining:    m.gauge("retrywise.client.gate.remaining", "s", "The time until the last of the gates may open."),
		outageAge:        m.gauge("retrywise.client.outage.age", "s", "The time since the oldest outage began; 0 without one."),
		retriesLeft:      m.gauge("retrywise.client.budget.retries", "{retry}", "Retries that are left in the budget, in the account with the fewest."),
	}
	m.watch(observe, in.waiting, in.active, in.limitWaiting, in.gates, in.outages, in.limitUtilization, in.gateRemaining, in.outageAge, in.retriesLeft)
	return in, errors.Join(m.errs...)
}

// A maker makes instruments, and keeps the errors.
type maker struct {
	meter metric.Meter
	errs  []error
}

func (m *maker) note(err error) {
	if err != nil {
		m.errs = append(m.errs, err)
	}
}

func (m *maker) counter(name, unit, what string) metric.Int64Counter {
	i, err := m.meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(what))
	m.note(err)
	return i
}

func (m *maker) duration(name, what string, bounds []float64) metric.Float64Histogram {
	i, err := m.meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(what), metric.WithExplicitBucketBoundaries(bounds...))
	m.note(err)
	return i
}

func (m *maker) numbers(name, unit, what string) metric.Int64Histogram {
	i, err := m.meter.Int64Histogram(name, metric.WithUnit(unit), metric.WithDescription(what), metric.WithExplicitBucketBoundaries(retryBounds...))
	m.note(err)
	return i
}

func (m *maker) sum(name, unit, what string) metric.Int64ObservableUpDownCounter {
	i, err := m.meter.Int64ObservableUpDownCounter(name, metric.WithUnit(unit), metric.WithDescription(what))
	m.note(err)
	return i
}

func (m *maker) gauge(name, unit, what string) metric.Float64ObservableGauge {
	i, err := m.meter.Float64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(what))
	m.note(err)
	return i
}

func (m *maker) watch(f metric.Callback, all ...metric.Observable) {
	if len(m.errs) > 0 {
		return
	}
	_, err := m.meter.RegisterCallback(f, all...)
	m.note(err)
}

func (t *Telemetry) opLabel(s client.Subject) opLabel {
	return opLabel{s.Vendor, t.ops.bounded(s.Op)}
}

func (t *Telemetry) countCall(ctx context.Context, e client.CallEvent) {
	in, op := t.instruments, t.opLabel(e.Subject)
	class := classLabel{op, e.Class}
	in.calls.Add(ctx, 1, in.ofCalls.of(callLabel{actionLabel{class, e.Action}, knownMethod(e.Method), e.Stop, e.Applied}).add...)
	in.callDuration.Record(ctx, e.Took.Seconds(), in.ofClasses.of(class).record...)
	if e.Waited > 0 {
		in.retryDelay.Record(ctx, e.Waited.Seconds(), in.ofOps.of(op).record...)
	}
	call := t.state(ctx, ofCall)
	if call == nil {
		return
	}
	if call.retries > 0 {
		in.retries.Record(ctx, int64(call.retries), in.ofOps.of(op).record...)
	}
	if call.transparent > 0 {
		in.transparent.Record(ctx, int64(call.transparent), in.ofOps.of(op).record...)
	}
}

func (t *Telemetry) countAttempt(ctx context.Context, e client.AttemptEvent) {
	in, class := t.instruments, classLabel{t.opLabel(e.Subject), e.Class}
	in.attempts.Add(ctx, 1, in.ofActions.of(actionLabel{class, e.Action}).add...)
	in.attemptDuration.Record(ctx, e.Took.Seconds(), in.ofClasses.of(class).record...)
}

func (t *Telemetry) countWait(ctx context.Context, e client.WaitEvent) {
	kind, limit := waitKind(e.For)
	l := waitLabel{t.opLabel(e.Subject), kind, limit}
	t.instruments.waitDuration.Record(ctx, e.Took.Seconds(), t.instruments.ofWaits.of(l).record...)
}

func (t *Telemetry) countRenewal(ctx context.Context, e client.RenewalEvent) {
	l := classLabel{opLabel{vendor: e.Vendor}, e.Class}
	t.instruments.renewalDuration.Record(ctx, e.Took.Seconds(), t.instruments.ofClasses.of(l).record...)
}

func (t *Telemetry) countLookup(ctx context.Context, e client.LookupEvent) {
	l := lookupLabel{t.opLabel(e.Subject), e.Answer, e.Applied}
	t.instruments.lookupDuration.Record(ctx, e.Took.Seconds(), t.instruments.ofLookups.of(l).record...)
}
