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
	key         string
	method, uri string
	body        []byte
	first       time.Time
	response    *policy.Answer // nil: it is being executed
}

// begin notes the idempotency key of a request that is to be executed; nil if the vendor honors
// none there. The answer, if there is one, is what the request gets in place of being executed.
func (a *API) begin(r *http.Request, body []byte) (first *keyed, answer *policy.Answer) {
	rules := a.vendor.Profile().Idempotency
	if rules.Header == "" || !rules.Covers(r.Method, a.pathOf(r)) {
		return nil, nil
	}
	key := r.Header.Get(rules.Header)
	if key == "" {
		return nil, nil
	}
	if rules.KeyProblem(key) != "" {
		return nil, new(a.said(r, aboutBadKey()))
	}
	a.mu.Lock()
	earlier, now := a.keys[key], time.Now()
	if earlier != nil && rules.Lifetime > 0 && now.Sub(earlier.first) >= rules.Lifetime {
		earlier = nil // forgotten: the request is a new one
	}
	if earlier == nil {
		first = &keyed{key: key, method: r.Method, uri: r.URL.RequestURI(), body: body, first: now}
		a.keys[key] = first
		a.mu.Unlock()
		return first, nil
	}
	response := earlier.response
	a.mu.Unlock()
	switch isSame := earlier.method == r.Method && earlier.uri == r.URL.RequestURI() && bytes.Equal(earlier.body, body); {
	case !isSame:
		return nil, new(a.said(r, aboutKeyMismatch()))
	case response == nil:
		return nil, new(a.said(r, aboutKeyInFlight()))
	default:
		return nil, response
	}
}

// end stores the response to the first request with a key, or forgets the key if the vendor does not
// store it: then a repeat is executed.
func (a *API) end(first *keyed, seen *recorder) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if first == nil || a.keys[first.key] != first { // it was forgotten meanwhile
		return
	}
	isStored := func(s policy.StatusRange) bool { return s.Contains(seen.status) }
	if !seen.isSuccess() && !slices.ContainsFunc(a.vendor.Profile().Idempotency.Replays, isStored) {
		delete(a.keys, first.key)
		return
	}
	header := http.Header{}
	for name, values := range seen.Header() {
		header[name] = slices.Clone(values)
	}
	first.response = &policy.Answer{Status: seen.status, Header: header, Body: bytes.Clone(seen.body.Bytes())}
}
