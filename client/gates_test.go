package client_test

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// busyOnce responds to the first request with a 429 and Retry-After: 30, and to later ones
// with 200. It records when each arrived.
type busyOnce struct {
	start    time.Time
	mu       sync.Mutex
	arrivals []time.Duration
}

func (b *busyOnce) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.arrivals = append(b.arrivals, time.Since(b.start)); len(b.arrivals) == 1 {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusTooManyRequests)
	}
}

// After a 429, every worker waits. When the wait ends, one finds out whether it is really
// over, and the others follow it, more and more quickly.
func TestGateHoldsBackEveryWorker(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		busy := &busyOnce{start: time.Now()}
		srv := retrywisetest.Handle(t, busy)
		c := newClient(t, srv, client.Config{})
		var workers sync.WaitGroup
		worker := func() {
			if _, err := send(t.Context(), t, c, "POST", "/items", "x"); err != nil {
				t.Errorf("worker: %v", err)
			}
		}
		workers.Go(worker)
		retrywisetest.Settle() // the first call has got the 429, and waits
		for range 15 {
			workers.Go(worker)
		}
		workers.Wait()
		if len(busy.arrivals) != 17 {
			t.Fatalf("got %d requests; want 17", len(busy.arrivals))
		}
		if at := busy.arrivals[1]; at != 30*time.Second {
			t.Errorf("the first request after the pause arrived after %v; want exactly 30s", at)
		}
		if !slices.IsSorted(busy.arrivals) || len(slices.Compact(slices.Clone(busy.arrivals))) != 17 {
			t.Errorf("the requests arrived after %v; want one after the other", busy.arrivals)
		}
		if last := busy.arrivals[16]; last > 32*time.Second {
			t.Errorf("the last request arrived after %v; want it within two seconds", last)
		}
	})
}

// A 429 that names a limit per record pauses that record only.
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
			t.Errorf("scope %v, retry at %v; want scope record and a time", e.Scope, e.RetryAt)
		}
		if e := failure(t, of("seven")); e.Rule != "gate item" || e.Scope != apierrors.ScopeRecord {
			t.Errorf("the same record: reason %q, scope %v; want \"gate item\" and record", e.Rule, e.Scope)
		}
		if err := of("eight"); err != nil {
			t.Errorf("another record: %v", err)
		}
		if e := failure(t, of("")); e.Class != apierrors.RateLimited {
			t.Errorf("without a record key: %v; want rate_limited", e)
		}
		if err := of("nine"); err != nil {
			t.Errorf("another record, after a 429 without a record key: %v", err)
		}
	})
}

// A credential that the caller sets identifies the account.
func TestGateOfACredential(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "3600"), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		as := func(token string) error {
			req := newRequest(t, http.MethodGet, srv.URL()+"/items/7", "")
			req.Header.Set("Authorization", "Bearer "+token)
			_, err := sendRequest(t, c.Send, req)
			return err
		}
		if e := failure(t, as("one")); e.Status != 429 {
			t.Errorf("the first call: %v; want status 429", e)
		}
		if e := failure(t, as("one")); e.Rule != "gate account" {
			t.Errorf("the same credential: reason %q; want \"gate account\"", e.Rule)
		}
		if err := as("two"); err != nil {
			t.Errorf("another credential: %v", err)
		}
	})
}

// A 429 pauses the requests to the same vendor with the same credential, and no others.
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
		"no credential":                      {client.Config{Vendor: shop{}}, none, none, true},
		"one credential":                     {client.Config{Vendor: shop{}}, with("Api-Key", "a"), with("Api-Key", "a"), true},
		"two values of Authorization":        {client.Config{Vendor: shop{}}, with("Authorization", "a"), with("Authorization", "b"), false},
		"two values of X-Api-Key":            {client.Config{Vendor: shop{}}, with("X-Api-Key", "a"), with("X-Api-Key", "b"), false},
		"two values of Api-Key":              {client.Config{Vendor: shop{}}, with("Api-Key", "a"), with("Api-Key", "b"), false},
		"two values of api-key":              {client.Config{Vendor: shop{}}, with("api-key", "a"), with("api-key", "b"), false},
		"the Client's Auth takes precedence": {client.Config{Vendor: shop{}, Auth: client.Bearer("t")}, with("X-Api-Key", "a"), with("X-Api-Key", "b"), true},
		"another host, without a vendor":     {client.Config{}, none, func(r *http.Request) { r.URL.Host = "other.test" }, false},
		"another host of the vendor":         {client.Config{Vendor: shop{}}, none, func(r *http.Request) { r.URL.Host = "eu.vendor.test" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.Status(429, "Retry-After", "3600"))
				tt.cfg.Transport = srv.Transport()
				if tt.cfg.Vendor != nil {
					tt.cfg.Vendor, tt.cfg.BaseURL = shop{shopPolicy(t)}, "http://api.vendor.test"
				}
				c := newClientOf(t, tt.cfg)
				for _, change := range []func(*http.Request){tt.first, tt.second} {
					req := newRequest(t, "GET", "http://api.vendor.test/items", "")
					change(req)
					_, _ = sendRequest(t, c.Send, req)
				}
				if held := len(srv.Requests()) == 1; held != tt.held {
					t.Errorf("the second call was held back: %v; want %v", held, tt.held)
				}
			})
		})
	}
}

// A call that waits for a limit sees a pause that begins meanwhile.
func TestGateThatClosesDuringAWait(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.After(500*time.Millisecond, retrywisetest.Status(429, "Retry-After", "20745", "X-Limit", "item")))
		p := shopPolicy(t).WithLimit(policy.Limit{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Second}})
		c := newClient(t, srv, client.Config{Policy: &p})
		together(2, func() {
			_, err := send(t.Context(), t, c, "PATCH", "/items/7", "x", client.CallOptions{RecordKey: "7"})
			if e := failure(t, err); e.Class != apierrors.RateLimited {
				t.Errorf("got %v; want rate_limited", e)
			}
		})
	})
}

// A 429 of a foreign origin pauses no calls to the vendor.
func TestGateIgnoresForeignResponses(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "3600"), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{BaseURL: "https://vendor.test"})
		_, _ = send(t.Context(), t, c, "GET", "https://storage.test/f", "")
		if status, err := send(t.Context(), t, c, "GET", "https://vendor.test/items", ""); status != 200 {
			t.Errorf("got status %d, error %v; want 200", status, err)
		}
	})
}

// A call whose second attempt is held back by a pause that does not fit has the failure of
// its first attempt, too, after which it may have been executed.
func TestGateThatClosesBetweenAttempts(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(503), retrywisetest.Status(429, "Retry-After", "3600"))
		c := newClient(t, srv, client.Config{})
		var other sync.WaitGroup
		defer other.Wait()
		other.Go(func() {
			time.Sleep(100 * time.Millisecond) // virtual: in the backoff of the call below
			_, _ = send(t.Context(), t, c, "GET", "/items", "")
		})
		_, err := send(t.Context(), t, c, "PATCH", "/items/7", "x")
		e := failure(t, err)
		if e.Class != apierrors.RateLimited || e.Action != apierrors.Defer || e.Rule != "gate account" || len(e.Attempts) != 1 {
			t.Errorf("class %v, action %v, reason %q, %d attempts; want rate_limited, defer, \"gate account\", 1", e.Class, e.Action, e.Rule, len(e.Attempts))
		}
		if !errors.Is(err, apierrors.ServerError) || e.Applied != apierrors.AppliedUnknown {
			t.Errorf("wraps %v, applied %v; want the server_error of the first attempt, unknown", e.Err, e.Applied)
		}
	})
}

// A Retry-After that is an epoch pauses the account until that moment.
func TestGateOfAnEpoch(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Date", "Wed, 18 Feb 2026 08:48:00 GMT", "Retry-After", "1771404540"), retrywisetest.Status(200), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		start := time.Now()
		if status, err := send(t.Context(), t, c, "POST", "/items", "x"); status != 200 || time.Since(start) != time.Minute {
			t.Errorf("got status %d, error %v after %v; want 200 after 1m", status, err, time.Since(start))
		}
		if status, err := send(t.Context(), t, c, "GET", "/others", ""); status != 200 {
			t.Errorf("the next call: status %d, error %v; want 200", status, err)
		}
	})
}

// A gate stays closed for a day at most, and the caller is told what the vendor said.
func TestGateOfALongWaitOpensAfterADay(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "31536000"), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		start := time.Now()
		_, err := send(t.Context(), t, c, "GET", "/items", "")
		if e := failure(t, err); !e.RetryAt.Equal(start.Add(365 * 24 * time.Hour)) {
			t.Errorf("retry in %v; want a year", e.RetryAt.Sub(start))
		}
		time.Sleep(24*time.Hour - time.Second) // virtual
		_, err = send(t.Context(), t, c, "GET", "/items", "", client.CallOptions{MaxWait: new(time.Duration(0))})
		if e := failure(t, err); !e.RetryAt.Equal(start.Add(24 * time.Hour)) {
			t.Errorf("before the day is over: retry in %v; want 24h", e.RetryAt.Sub(start))
		}
		time.Sleep(time.Second)
		if status, err := send(t.Context(), t, c, "GET", "/items", ""); status != 200 {
			t.Errorf("after a day: status %d, error %v; want 200", status, err)
		}
	})
}
