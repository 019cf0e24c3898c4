package client_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// busyOnce answers the first request with a 429 that tells 30 s, and the others with
// success. It notes when each came.
type busyOnce struct {
	began    time.Time
	mu       sync.Mutex
	arrivals []time.Duration
}

func (b *busyOnce) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.arrivals = append(b.arrivals, time.Since(b.began)); len(b.arrivals) == 1 {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusTooManyRequests)
	}
}

func TestGateHoldsBackEveryWorker(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		busy := &busyOnce{began: time.Now()}
		srv := retrywisetest.Handle(t, busy)
		c := newClient(t, srv, client.Config{})
		var workers sync.WaitGroup
		worker := func() {
			if _, err := send(t.Context(), t, c, "POST", "/items", "x"); err != nil {
				t.Errorf("worker: %v", err)
			}
		}
		workers.Go(worker)
		retrywisetest.Settle() // the 429 has come, and its call sleeps
		for range 15 {
			workers.Go(worker)
		}
		workers.Wait()
		if len(busy.arrivals) != 17 {
			t.Fatalf("%d requests; want 17", len(busy.arrivals))
		}
		for i, at := range busy.arrivals[1:] {
			if at != 30*time.Second {
				t.Errorf("request %d came after %v; want exactly 30s", i+2, at)
			}
		}
	})
}

// A limit for each record holds back that record and no other.
func TestGateOfARecord(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t,
			retrywisetest.Status(429, "Retry-After", "20745", "X-Limit", "item"), retrywisetest.Status(200),
			retrywisetest.Status(429, "Retry-After", "20745", "X-Limit", "item"), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		of := func(record string) error {
			_, err := send(t.Context(), t, c, "PATCH", "/items/"+record, "x", client.CallOptions{RecordKey: record})
			return err
		}
		if e := failure(t, of("seven")); e.Scope != apierrors.ScopeRecord || e.RetryAt.IsZero() {
			t.Errorf("scope %v, retry at %v", e.Scope, e.RetryAt)
		}
		if e := failure(t, of("seven")); e.Reason != "gate item" || e.Scope != apierrors.ScopeRecord {
			t.Errorf("the same record again: reason %q, scope %v", e.Reason, e.Scope)
		}
		if err := of("eight"); err != nil {
			t.Errorf("another record: %v", err)
		}
		if e := failure(t, of("")); e.Class != apierrors.RateLimited {
			t.Errorf("a record without a key: %v", e)
		}
		if err := of("nine"); err != nil {
			t.Errorf("after a record without a key: %v", err)
		}
	})
}

// Two credentials are two accounts, whoever put them on the request.
func TestGateOfACredential(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "3600"), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		as := func(token string) error {
			req := newRequest(t, http.MethodGet, srv.URL()+"/items/7", "")
			req.Header.Set("Authorization", "Bearer "+token)
			resp, err := c.Send(req)
			if err == nil {
				_ = resp.Body.Close()
			}
			return err
		}
		if e := failure(t, as("one")); e.Status != 429 {
			t.Errorf("%v", e)
		}
		if e := failure(t, as("one")); e.Reason != "gate account" {
			t.Errorf("reason %q", e.Reason)
		}
		if err := as("two"); err != nil {
			t.Errorf("another credential: %v", err)
		}
	})
}

// Who waits for whom: a 429 holds back those with the same credential, at the same
// vendor, and nobody else.
func TestGateHoldsBackOneAccount(t *testing.T) {
	with := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header[name] = []string{value} }
	}
	none := func(*http.Request) {}
	for name, tt := range map[string]struct {
		cfg           client.Config
		first, second func(*http.Request)
		held          bool
	}{
		"no credential":                {client.Config{Vendor: shop{}}, none, none, true},
		"one credential":               {client.Config{Vendor: shop{}}, with("Api-Key", "a"), with("Api-Key", "a"), true},
		"two of Authorization":         {client.Config{Vendor: shop{}}, with("Authorization", "a"), with("Authorization", "b"), false},
		"two of X-Api-Key":             {client.Config{Vendor: shop{}}, with("X-Api-Key", "a"), with("X-Api-Key", "b"), false},
		"two of Api-Key":               {client.Config{Vendor: shop{}}, with("Api-Key", "a"), with("Api-Key", "b"), false},
		"under a key not canonical":    {client.Config{Vendor: shop{}}, with("api-key", "a"), with("api-key", "b"), false},
		"the client's own":             {client.Config{Vendor: shop{}, Auth: client.Bearer("t")}, with("X-Api-Key", "a"), with("X-Api-Key", "b"), true},
		"another host of any vendor":   {client.Config{}, none, func(r *http.Request) { r.URL.Host = "other.test" }, false},
		"another host of the vendor's": {client.Config{Vendor: shop{}}, none, func(r *http.Request) { r.URL.Host = "eu.vendor.test" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.Status(429, "Retry-After", "3600"))
				tt.cfg.Transport = srv.Transport()
				if tt.cfg.Vendor != nil {
					tt.cfg.Vendor, tt.cfg.BaseURL = shop{shopPolicy(t)}, "http://api.vendor.test"
				}
				c := dropIn(t, tt.cfg)
				for _, change := range []func(*http.Request){tt.first, tt.second} {
					req := newRequest(t, "GET", "http://api.vendor.test/items", "")
					change(req)
					_, _ = c.Send(req) //nolint:bodyclose // there is no answer beside an error
				}
				if held := len(srv.Requests()) == 1; held != tt.held {
					t.Errorf("held back: %v; want %v", held, tt.held)
				}
			})
		})
	}
}

// A gate that closes while a call waits for a token is seen.
func TestGateThatClosesDuringAWait(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.After(500*time.Millisecond, retrywisetest.Status(429, "Retry-After", "20745", "X-Limit", "item")))
		p := shopPolicy(t).WithLimit(policy.Limit{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Second}})
		c := newClient(t, srv, client.Config{Policy: &p})
		together(2, func() {
			_, err := send(t.Context(), t, c, "PATCH", "/items/7", "x", client.CallOptions{RecordKey: "7"})
			if e := failure(t, err); e.Class != apierrors.RateLimited {
				t.Errorf("%v", e)
			}
		})
	})
}

// A gate of elsewhere is nobody's. (closeGate is not asked for what is strange.)
func TestGateIgnoresForeignResponses(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "3600"), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{BaseURL: "https://vendor.test"})
		_, _ = send(t.Context(), t, c, "GET", "https://storage.test/f", "")
		if status, err := send(t.Context(), t, c, "GET", "https://vendor.test/items", ""); status != 200 {
			t.Errorf("status %d, %v", status, err)
		}
	})
}
