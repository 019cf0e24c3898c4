package retrywiseotel

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// Attributes of spans and metrics, beside those of the semantic conventions.
const (
	vendorKey  = attribute.Key("retrywise.vendor")
	opKey      = attribute.Key("retrywise.op")
	classKey   = attribute.Key("retrywise.class")
	actionKey  = attribute.Key("retrywise.action")
	stopKey    = attribute.Key("retrywise.stop")
	appliedKey = attribute.Key("retrywise.applied")
	answerKey  = attribute.Key("retrywise.lookup.answer")

	// Of spans alone.
	codeKey     = attribute.Key("retrywise.code")
	ruleKey     = attribute.Key("retrywise.rule")
	attemptsKey = attribute.Key("retrywise.attempts")
	waitedKey   = attribute.Key("retrywise.waited")
	retryAtKey  = attribute.Key("retrywise.retry_at")
	delayKey    = attribute.Key("retrywise.delay")
	waitForKey  = attribute.Key("retrywise.wait.for")

	// Of metrics alone.
	waitKindKey    = attribute.Key("retrywise.wait.kind")
	limitKey       = attribute.Key("retrywise.limit.name")
	outageStateKey = attribute.Key("retrywise.outage.state")
	outageOfKey    = attribute.Key("retrywise.outage.of")

	statusKey = semconv.HTTPResponseStatusCodeKey
)

func errorType(c apierrors.Class) attribute.KeyValue {
	return semconv.ErrorTypeKey.String(c.String())
}

// subject returns the attributes of the call that something belongs to.
func subject(s client.Subject) []attribute.KeyValue {
	return text(text(make([]attribute.KeyValue, 0, 3), vendorKey, s.Vendor), opKey, s.Op)
}

// text appends an attribute, unless it is empty.
func text(a []attribute.KeyValue, key attribute.Key, value string) []attribute.KeyValue {
	if value == "" {
		return a
	}
	return append(a, key.String(value))
}

// seconds appends a duration, unless it is zero.
func seconds(a []attribute.KeyValue, key attribute.Key, d time.Duration) []attribute.KeyValue {
	if d == 0 {
		return a
	}
	return append(a, key.Float64(d.Seconds()))
}

// outcome returns how something ended. A success has no class.
func outcome(class apierrors.Class, action apierrors.Action, stop apierrors.Stop, code, rule string) []attribute.KeyValue {
	a := make([]attribute.KeyValue, 0, 10)
	if class != apierrors.None {
		a = append(a, classKey.String(class.String()))
	}
	if action != apierrors.ActionNone {
		a = append(a, actionKey.String(action.String()))
	}
	if stop != apierrors.StopNone {
		a = append(a, stopKey.String(stop.String()))
	}
	return text(text(a, codeKey, code), ruleKey, rule)
}

// request returns the attributes of a request, by the semantic conventions for HTTP clients.
func request(e client.AttemptEvent) []attribute.KeyValue {
	a := text(text(make([]attribute.KeyValue, 0, 8), vendorKey, e.Vendor), opKey, e.Op)
	a = append(a, semconv.HTTPRequestMethodKey.String(knownMethod(e.Method)), semconv.URLFull(e.URL))
	if knownMethod(e.Method) != e.Method {
		a = append(a, semconv.HTTPRequestMethodOriginal(e.Method))
	}
	if e.Number > 1 {
		a = append(a, semconv.HTTPRequestResendCount(e.Number-1))
	}
	return server(a, e.URL)
}

// server appends where a URL leads, which is without userinfo.
func server(a []attribute.KeyValue, text string) []attribute.KeyValue {
	scheme, rest, _ := strings.Cut(text, "://")
	host, _, _ := strings.Cut(rest, "/")
	if host == "" {
		return a
	}
	port := map[string]int{"http": 80, "https": 443}[scheme]
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') { // of an address of IPv6, the others are inside
		if n, err := strconv.Atoi(host[i+1:]); err == nil {
			port = n
		}
		host = host[:i]
	}
	a = append(a, semconv.ServerAddress(strings.Trim(host, "[]")))
	if port == 0 {
		return a
	}
	return append(a, semconv.ServerPort(port))
}

// other stands for what is not one of a few known values.
const other = "_OTHER"

// knownMethod returns one of the methods of the semantic conventions, or other.
func knownMethod(method string) string {
	switch method {
	case "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE":
		return method
	default:
		return other
	}
}

// spanMethod names the span of a request.
func spanMethod(method string) string {
	if m := knownMethod(method); m != other {
		return m
	}
	return "HTTP"
}

// waitKind returns what a wait is for, as one of a few words, and the limit that it is for.
func waitKind(what string) (kind, limit string) {
	kind, name, _ := strings.Cut(what, " ")
	if kind == "gate" || kind == "limit" {
		limit = name
	}
	return kind, limit
}

// maxOps bounds how many different Ops metrics have.
const maxOps = 100

// ops are the Ops that metrics have, the first that came.
type ops struct {
	mu    sync.RWMutex
	known map[string]struct{}
}

// bounded returns op, or other if there are too many.
func (o *ops) bounded(op string) string {
	o.mu.RLock()
	_, isKnown := o.known[op]
	isFull := len(o.known) >= maxOps
	o.mu.RUnlock()
	switch {
	case op == "", isKnown:
		return op
	case isFull:
		return other
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known == nil {
		o.known = map[string]struct{}{}
	}
	if _, isKnown = o.known[op]; !isKnown && len(o.known) >= maxOps {
		return other
	}
	o.known[op] = struct{}{}
	return op
}
