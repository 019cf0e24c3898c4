package retrywiseotel

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Kinds of what has a span.
const (
	ofCall = iota
	ofAttempt
	ofWait
	ofRenewal
	ofLookup
	kinds
)

// A state is what is known of what has begun.
type state struct {
	span    trace.Span
	foreign bool // of an attempt: it does not go to the vendor

	// Of a call:
	failed      bool // the latest attempt failed
	unsent      bool // and the vendor did not see it
	retries     int
	transparent int // retries of what the vendor did not see, as in gRPC
}

// begin starts a span. The context that it returns has the span, and its state under its own key:
// another observer may put a span between.
func (t *Telemetry) begin(ctx context.Context, kind int, name string, o ...trace.SpanStartOption) (context.Context, *state) {
	ctx, span := t.tracer.Start(ctx, name, o...)
	s := &state{span: span}
	return context.WithValue(ctx, &t.keys[kind], s), s
}

// state returns the innermost state of a kind; nil: there is none.
func (t *Telemetry) state(ctx context.Context, kind int) *state {
	s, _ := ctx.Value(&t.keys[kind]).(*state)
	return s
}

// finish ends a span. failed is the class of a failure, and text says more, if there is more to say.
// attributes is called if the span is recorded.
func (t *Telemetry) finish(ctx context.Context, kind int, failed apierrors.Class, text string, attributes func() []attribute.KeyValue) {
	s := t.state(ctx, kind)
	if s == nil {
		return
	}
	if s.span.IsRecording() {
		s.span.SetAttributes(attributes()...)
		if failed != apierrors.None {
			s.span.SetAttributes(errorType(failed))
			s.span.SetStatus(codes.Error, text)
		}
	}
	s.span.End()
}

// nameOf names a call by its vendor and its Op or, without an Op, its method.
func nameOf(s client.Subject) string {
	return strings.TrimSpace(s.Vendor + " " + cmp.Or(s.Op, spanMethod(s.Method)))
}

func (t *Telemetry) callStart(ctx context.Context, e client.CallEvent) context.Context {
	ctx, _ = t.begin(ctx, ofCall, nameOf(e.Subject), trace.WithAttributes(subject(e.Subject)...))
	return ctx
}

func (t *Telemetry) callEnd(ctx context.Context, e client.CallEvent) {
	t.countCall(ctx, e)
	failed, text := apierrors.None, ""
	if e.Err != nil {
		failed, text = e.Class, e.Err.Error()
	}
	t.finish(ctx, ofCall, failed, text, func() []attribute.KeyValue {
		a := outcome(e.Class, e.Action, e.Stop, e.Code, e.Rule)
		a = append(a, appliedKey.String(e.Applied.String()), attemptsKey.Int(e.Attempts))
		a = seconds(a, waitedKey, e.Waited)
		if !e.RetryAt.IsZero() {
			a = append(a, retryAtKey.String(e.RetryAt.UTC().Format(time.RFC3339)))
		}
		return a
	})
}

func (t *Telemetry) attemptStart(ctx context.Context, e client.AttemptEvent) context.Context {
	if call := t.state(ctx, ofCall); call != nil {
		call.next()
	}
	ctx, s := t.begin(ctx, ofAttempt, spanMethod(e.Method), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(request(e)...))
	s.foreign = e.Foreign
	return ctx
}

// next counts a retry, if the attempt that begins is one.
func (s *state) next() {
	switch {
	case !s.failed:
	case s.unsent:
		s.transparent++
	default:
		s.retries++
	}
	s.failed = false
}

func (t *Telemetry) attemptEnd(ctx context.Context, e client.AttemptEvent) {
	t.countAttempt(ctx, e)
	if call := t.state(ctx, ofCall); call != nil {
		call.failed = e.Class != apierrors.None
		call.unsent = e.Status == 0 && e.Applied == apierrors.AppliedNo
	}
	failed, text := e.Class, ""
	switch {
	case e.Action == apierrors.Accept:
		failed = apierrors.None
	case e.Status < 400: // with one of 400 or more, the status says it
		text = e.Class.String()
	}
	t.finish(ctx, ofAttempt, failed, text, func() []attribute.KeyValue {
		a := outcome(e.Class, e.Action, e.Stop, e.Code, e.Rule)
		if e.Status != 0 {
			a = append(a, statusKey.Int(e.Status))
		}
		a = append(a, appliedKey.String(e.Applied.String()))
		return seconds(a, delayKey, e.Delay)
	})
}

func (t *Telemetry) waitStart(ctx context.Context, e client.WaitEvent) context.Context {
	kind, _ := waitKind(e.For)
	ctx, _ = t.begin(ctx, ofWait, "wait "+kind, trace.WithAttributes(append(subject(e.Subject), waitForKey.String(e.For))...))
	return ctx
}

func (t *Telemetry) waitEnd(ctx context.Context, e client.WaitEvent) {
	t.countWait(ctx, e)
	t.finish(ctx, ofWait, apierrors.None, "", func() []attribute.KeyValue {
		return outcome(apierrors.None, apierrors.ActionNone, e.Stop, "", "")
	})
}

func (t *Telemetry) renewalStart(ctx context.Context, e client.RenewalEvent) context.Context {
	ctx, _ = t.begin(ctx, ofRenewal, strings.TrimSpace(e.Vendor+" renewal"), trace.WithAttributes(subject(client.Subject{Vendor: e.Vendor})...))
	return ctx
}

func (t *Telemetry) renewalEnd(ctx context.Context, e client.RenewalEvent) {
	t.countRenewal(ctx, e)
	t.finish(ctx, ofRenewal, e.Class, e.Class.String(), func() []attribute.KeyValue {
		return outcome(e.Class, apierrors.ActionNone, apierrors.StopNone, "", "")
	})
}

func (t *Telemetry) lookupStart(ctx context.Context, e client.LookupEvent) context.Context {
	ctx, _ = t.begin(ctx, ofLookup, nameOf(e.Subject)+" look-up", trace.WithAttributes(subject(e.Subject)...))
	return ctx
}

func (t *Telemetry) lookupEnd(ctx context.Context, e client.LookupEvent) {
	t.countLookup(ctx, e)
	t.finish(ctx, ofLookup, e.Class, e.Class.String(), func() []attribute.KeyValue {
		a := outcome(e.Class, apierrors.ActionNone, apierrors.StopNone, "", "")
		return append(a, answerKey.String(e.Answer.String()), appliedKey.String(e.Applied.String()))
	})
}
