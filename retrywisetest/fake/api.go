package fake

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

// Options are what a fake has beside the vendor's file. The zero Options is a vendor that
// executes every request within its limits, and responds with an empty object.
type Options struct {
	// Handler executes a request that the vendor takes, look-ups included. Nil: status 200 and {};
	// a look-up of the vendor's file finds the write that it is about once that was executed.
	Handler http.Handler

	// Policy has the limits that the fake keeps: those that are not off. Nil: the vendor's.
	Policy *policy.Policy

	// Record names the record of a request, for limits of a record. Nil: the path does.
	Record func(*http.Request) string

	// Cost is how many points a request takes of a limit with a cost. Nil: the cost of the limit.
	Cost func(*http.Request) int

	// HideWaits leaves the wait out of refusals.
	HideWaits bool

	// TokenLifetime is how long a token of API.Token is valid. Zero: the fake asks for none.
	TokenLifetime time.Duration

	// Key is what the ledger has a write under. Nil: method, URL and body, so that two equal
	// requests are a duplicate.
	Key func(r *http.Request, body []byte) string

	// Faults strike requests to all of the fake but token requests, before or after it has
	// executed them.
	Faults retrywisetest.Faults
}

// An API is a fake of a vendor's API: a handler. Make one with NewAPI, or with New, which also
// serves it. It is safe for concurrent use.
type API struct {
	vendor  *vendors.Vendor
	options Options
	policy  policy.Policy
	samples []vendors.Sample
	ledger  retrywisetest.Ledger
	handler http.Handler
	unknown func(text string) // reports a name for Fail that means nothing; may be nil

	mu       sync.Mutex // guards the fields below
	next     []retrywisetest.Answer
	meters   map[meterKey]*meter
	refused  map[string]int
	statuses map[int]int
	tokens   tokens
	keys     map[string]*keyed
	sought   map[string]*sought // by method and path of the look-up
}

// NewAPI returns a fake of v that is not yet served.
func NewAPI(v *vendors.Vendor, o Options) *API {
	a := &API{
		vendor: v, options: o, policy: v.Policy(), samples: v.Samples(),
		meters: map[meterKey]*meter{}, refused: map[string]int{}, statuses: map[int]int{}, keys: map[string]*keyed{},
		sought: map[string]*sought{},
	}
	if o.Policy != nil {
		a.policy = *o.Policy
	}
	a.handler = o.Faults.Handler(http.HandlerFunc(a.serve))
	return a
}

// ServeHTTP responds to one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone
	}
	if isForToken(r, body) {
		a.issue(w, r)
		return
	}
	a.expect(r, body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	seen := &recorder{ResponseWriter: w}
	defer func() { // also if the handler panics, which closes the connection
		a.mu.Lock()
		defer a.mu.Unlock()
		a.statuses[seen.status]++
	}()
	a.handler.ServeHTTP(seen, r)
	seen.finish()
}

// serve responds to a request that met no fault.
func (a *API) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // which ServeHTTP has read
	r.Body = io.NopCloser(bytes.NewReader(body))
	if answer, ok := a.takeNext(); ok {
		answer(w, r)
		return
	}
	if !a.hasToken(r) {
		write(w, a.said(r, aboutTokens()))
		return
	}
	admitted, refusal := a.admit(r)
	if refusal != nil {
		write(w, *refusal)
		return
	}
	a.execute(w, r, body, admitted)
}

// execute executes a request within the limits, or returns what an earlier one with the same key
// got.
func (a *API) execute(w http.ResponseWriter, r *http.Request, body []byte, taken admission) {
	seen := &recorder{ResponseWriter: w}
	defer func() { a.release(r, taken, seen) }()
	first, answer := a.begin(r, body)
	if answer != nil {
		write(seen, *answer)
		return
	}
	defer func() { a.end(first, seen) }()
	a.handle(seen, r, taken.quotas)
	seen.finish()
	if !policy.IsSafe(r.Method) && seen.isSuccess() {
		a.ledger.Record(a.ledgerKey(r, body), body)
		a.keep(r, body)
	}
}

// handle has the handler respond, after what the vendor says of its limits in headers. A response
// without a handler has in its body what the vendor says there.
func (a *API) handle(w http.ResponseWriter, r *http.Request, quotas []policy.Quota) {
	success := policy.Answer{Status: http.StatusOK, Header: http.Header{}, Body: []byte("{}"), Received: time.Now()}
	for _, q := range quotas {
		success = a.vendor.Announce(q, success)
	}
	success.Header.Del("Content-Type")
	if a.options.Handler != nil {
		maps.Copy(w.Header(), success.Header)
		a.options.Handler.ServeHTTP(w, r)
		return
	}
	if found, ok := a.lookedUp(r); ok {
		maps.Copy(found.Header, success.Header)
		write(w, found)
		return
	}
	success.Header.Set("Content-Type", "application/json")
	write(w, success)
}

// pathOf returns the escaped path of a request below the base URL of the vendor's file, as the
// patterns of that file have it.
func (a *API) pathOf(r *http.Request) string {
	path := r.URL.EscapedPath()
	_, afterScheme, _ := strings.Cut(a.vendor.Profile().BaseURL, "://")
	_, prefix, _ := strings.Cut(strings.TrimSuffix(afterScheme, "/"), "/")
	if below, ok := strings.CutPrefix(path, "/"+prefix+"/"); ok && prefix != "" {
		return "/" + below
	}
	return path
}

// ledgerKey returns what the ledger has a request under.
func (a *API) ledgerKey(r *http.Request, body []byte) string {
	if a.options.Key != nil {
		return a.options.Key(r, body)
	}
	return r.Method + " " + r.URL.RequestURI() + " " + string(body)
}

// write writes a response.
func write(w http.ResponseWriter, response policy.Answer) {
	maps.Copy(w.Header(), response.Header)
	w.WriteHeader(response.Status)
	_, _ = w.Write(response.Body) // fails if the client has gone
}

// Ledger returns what the fake executed: the writes with a 2xx.
func (a *API) Ledger() *retrywisetest.Ledger { return &a.ledger }

// Statuses returns how many responses had which status. 0 stands for those that had none, as the
// connection was closed.
func (a *API) Statuses() map[int]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.statuses)
}

// Refused returns how many requests the fake refused because of which limit, by its name.
func (a *API) Refused() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.refused)
}
