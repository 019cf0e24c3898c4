package fake

import (
	"bytes"
	"net/http"
	"slices"
	"time"

	"github.com/retrywise/retrywise/policy"
)

// A keyed request is the first with an idempotency key, and its response once it has ended.
type keyed struct {
	method, uri string
	body        []byte
	first       time.Time
	response    *policy.Answer // nil: it is being executed
}

// begin notes the idempotency key of a request that is to be executed; "" if the vendor honors
// none there. The answer, if there is one, is what the request gets in place of being executed.
func (a *API) begin(r *http.Request, body []byte) (key string, answer *policy.Answer) {
	rules := a.vendor.Profile().Idempotency
	if rules.Header == "" || !rules.Covers(r.Method, a.pathOf(r)) {
		return "", nil
	}
	key = r.Header.Get(rules.Header)
	if key == "" {
		return "", nil
	}
	if rules.KeyProblem(key) != "" {
		return "", new(a.said(r, aboutBadKey()))
	}
	a.mu.Lock()
	earlier, now := a.keys[key], time.Now()
	if earlier != nil && rules.Lifetime > 0 && now.Sub(earlier.first) >= rules.Lifetime {
		earlier = nil // forgotten: the request is a new one
	}
	if earlier == nil {
		a.keys[key] = &keyed{method: r.Method, uri: r.URL.RequestURI(), body: body, first: now}
		a.mu.Unlock()
		return key, nil
	}
	response := earlier.response
	a.mu.Unlock()
	switch isSame := earlier.method == r.Method && earlier.uri == r.URL.RequestURI() && bytes.Equal(earlier.body, body); {
	case !isSame:
		return "", new(a.said(r, aboutKeyMismatch()))
	case response == nil:
		return "", new(a.said(r, aboutKeyInFlight()))
	default:
		return "", response
	}
}

// end stores the response to the first request with key, or forgets the key if the vendor does not
// store it: then a repeat is executed.
func (a *API) end(key string, seen *recorder) {
	if key == "" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	isStored := func(s policy.StatusRange) bool { return s.Contains(seen.status) }
	if !seen.isSuccess() && !slices.ContainsFunc(a.vendor.Profile().Idempotency.Replays, isStored) {
		delete(a.keys, key)
		return
	}
	header := http.Header{}
	for name, values := range seen.Header() {
		header[name] = slices.Clone(values)
	}
	a.keys[key].response = &policy.Answer{Status: seen.status, Header: header, Body: bytes.Clone(seen.body.Bytes())}
}
