package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shop is a small vendor: it tells codes in a header, also in a 2xx, and honours
// idempotency keys.
type shop struct{ policy policy.Policy }

func (s shop) Profile() policy.Profile {
	return policy.Profile{Name: "shop", Policy: s.policy, ErrorsIn2xx: true, IdempotencyHeader: "Idempotency-Key"}
}

func (shop) Decode(a policy.Answer) *policy.Failure {
	if a.Status < 400 && a.Header.Get("X-Code") == "" {
		return nil
	}
	f := &policy.Failure{Status: a.Status, Limit: a.Header.Get("X-Limit")}
	f.Wait, _ = policy.ParseWait(a.Header.Get("Retry-After"), policy.HTTP, a.Now())
	if code := a.Header.Get("X-Code"); code != "" {
		f.Items = []apierrors.Field{{Code: code, Message: "the vendor's words"}}
	}
	return f
}

func shopPolicy(t testing.TB) policy.Policy {
	t.Helper()
	onCode := func(code string, r policy.Rule) policy.Rule {
		r.When.Codes = []string{code}
		return r
	}
	p, err := policy.New(policy.Settings{
		Name: "shop",
		Rules: []policy.Rule{
			onCode("BAD", policy.Rule{Class: apierrors.Validation, Summary: "It is bad."}),
			onCode("EMPTY", policy.Rule{Class: apierrors.NotFound, Action: apierrors.Accept}),
			onCode("GONE", policy.Rule{Class: apierrors.NotFound}),
			onCode("FULL", policy.Rule{Class: apierrors.QuotaExceeded, After: 5 * time.Minute}),
			onCode("THERE", policy.Rule{Class: apierrors.AlreadyExists, AcceptAfterUnknown: new(true)}),
		},
		Endpoints: []policy.Endpoint{{Methods: []string{"PATCH"}, Paths: []string{"/items/*"}, Repeatable: true}},
		Limits:    []policy.Limit{{Name: "item", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 24, Per: 24 * time.Hour}, Paths: []string{"/items/*"}, Off: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// newClient returns a client of srv, with waits in the middle of their range.
func newClient(t testing.TB, srv *retrywisetest.Server, cfg client.Config) *client.Client {
	t.Helper()
	if cfg.Vendor == nil {
		cfg.Vendor = shop{shopPolicy(t)}
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = srv.URL()
	}
	if cfg.Transport == nil {
		cfg.Transport = srv.Transport()
	}
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.SetRandom(0.5)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// send makes one request and closes its answer.
func send(ctx context.Context, t testing.TB, c *client.Client, method, path, body string, options ...client.CallOptions) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range options {
		req = client.With(req, o)
	}
	if body == "" {
		req.Body, req.GetBody = nil, nil
	}
	resp, err := c.Send(req)
	if err != nil {
		if resp != nil {
			t.Error("an answer beside an error")
		}
		return 0, err
	}
	if err := resp.Body.Close(); err != nil {
		t.Errorf("closing the answer: %v", err)
	}
	return resp.StatusCode, nil
}

// open makes a GET and returns its answer as it streams; the test closes it.
func open(t testing.TB, c *client.Client, path string) (*http.Request, *http.Response, error) {
	t.Helper()
	req := newRequest(t, http.MethodGet, path, "")
	resp, err := c.Send(req)
	if err == nil {
		t.Cleanup(func() { _ = resp.Body.Close() })
	}
	return req, resp, err
}

// newRequest makes a request; header is pairs of key and value. An empty body is none.
func newRequest(t testing.TB, method, target, body string, header ...string) *http.Request {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, target, reader)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	return req
}

// get makes a GET with hc; the test closes the answer.
func get(t testing.TB, hc *http.Client, target string) (*http.Response, error) {
	t.Helper()
	req := newRequest(t, http.MethodGet, target, "")
	resp, err := hc.Do(req)
	if err == nil {
		t.Cleanup(func() { _ = resp.Body.Close() })
	}
	return resp, err
}

// failure returns err as ours, and fails the test if it is none.
func failure(t testing.TB, err error) *apierrors.Error {
	t.Helper()
	e, ok := errors.AsType[*apierrors.Error](err)
	if !ok {
		t.Fatalf("error %v (%T) is no *apierrors.Error", err, err)
	}
	return e
}

// wire is a transport that is a function.
type wire func(*http.Request) (*http.Response, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

// onWire returns a client of the shop over w.
func onWire(t testing.TB, w wire, cfg client.Config) *client.Client {
	t.Helper()
	cfg.BaseURL, cfg.Transport = "http://vendor.test", w
	return newClient(t, nil, cfg)
}

// together does the same n times at once, and waits for all.
func together(n int, do func()) {
	var all sync.WaitGroup
	for range n {
		all.Go(do)
	}
	all.Wait()
}

// events gathers what an observer sees.
type events struct {
	mu       sync.Mutex
	begun    []string
	attempts []client.AttemptEvent
	waits    []client.WaitEvent
	renewals []client.RenewalEvent
	calls    []client.CallEvent
}

// observer returns hooks that gather all ends, and the names of what begins.
func (e *events) observer() client.Observer {
	return client.Observer{
		CallStart:    noting[client.CallEvent](e, "call"),
		CallEnd:      gathering(e, &e.calls),
		AttemptStart: noting[client.AttemptEvent](e, "attempt"),
		AttemptEnd:   gathering(e, &e.attempts),
		WaitStart:    noting[client.WaitEvent](e, "wait"),
		WaitEnd:      gathering(e, &e.waits),
		RenewalStart: noting[client.RenewalEvent](e, "renewal"),
		RenewalEnd:   gathering(e, &e.renewals),
	}
}

func gathering[E any](e *events, all *[]E) func(context.Context, E) {
	return func(_ context.Context, event E) {
		e.mu.Lock()
		defer e.mu.Unlock()
		*all = append(*all, event)
	}
}

func noting[E any](e *events, what string) func(context.Context, E) context.Context {
	return func(ctx context.Context, _ E) context.Context {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.begun = append(e.begun, what)
		return ctx
	}
}

// renewable is a RenewableBearer whose tokens have no known expiry.
func renewable(token string, renew func(context.Context) (string, error)) client.Auth {
	return client.RenewableBearer(token, func(ctx context.Context) (string, time.Time, error) {
		token, err := renew(ctx)
		return token, time.Time{}, err
	})
}
