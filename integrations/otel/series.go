package retrywiseotel

import (
	"sync"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// A label is the values of a metric's attributes.
type label interface {
	comparable
	attributes() []attribute.KeyValue
}

// series has the attributes of measurements, made once for each label: few labels come again and
// again.
type series[L label] struct {
	mu    sync.RWMutex
	known map[L]*options
}

// options are what a measurement takes, with the same attributes.
type options struct {
	add    []metric.AddOption
	record []metric.RecordOption
}

func (s *series[L]) of(l L) *options {
	s.mu.RLock()
	o := s.known[l]
	s.mu.RUnlock()
	if o != nil {
		return o
	}
	set := metric.WithAttributeSet(attribute.NewSet(l.attributes()...))
	o = &options{add: []metric.AddOption{set}, record: []metric.RecordOption{set}}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[L]*options{}
	}
	s.known[l] = o
	return o
}

// An opLabel is a call's name.
type opLabel struct{ vendor, op string }

func (l opLabel) attributes() []attribute.KeyValue {
	return text(text(nil, vendorKey, l.vendor), opKey, l.op)
}

// A classLabel is how a call or an attempt ended. That of a success is "none".
type classLabel struct {
	opLabel
	class apierrors.Class
}

func (l classLabel) attributes() []attribute.KeyValue {
	return append(l.opLabel.attributes(), classKey.String(l.class.String()))
}

// An actionLabel has what was done as well.
type actionLabel struct {
	classLabel
	action apierrors.Action
}

func (l actionLabel) attributes() []attribute.KeyValue {
	return append(l.classLabel.attributes(), actionKey.String(l.action.String()))
}

// A callLabel is all that is counted of a call. Its method is a known one.
type callLabel struct {
	actionLabel
	method  string
	stop    apierrors.Stop
	applied apierrors.Applied
}

func (l callLabel) attributes() []attribute.KeyValue {
	return append(l.actionLabel.attributes(),
		semconv.HTTPRequestMethodKey.String(l.method), stopKey.String(l.stop.String()), appliedKey.String(l.applied.String()))
}

// A waitLabel is what a call waited for.
type waitLabel struct {
	opLabel
	kind, limit string
}

func (l waitLabel) attributes() []attribute.KeyValue {
	return text(append(l.opLabel.attributes(), waitKindKey.String(l.kind)), limitKey, l.limit)
}

// A lookupLabel is what a look-up found.
type lookupLabel struct {
	opLabel
	answer  policy.LookupAnswer
	applied apierrors.Applied
}

func (l lookupLabel) attributes() []attribute.KeyValue {
	return append(l.opLabel.attributes(), answerKey.String(l.answer.String()), appliedKey.String(l.applied.String()))
}
