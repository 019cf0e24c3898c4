package client_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
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

func TestOne429HoldsEveryWorkerBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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
		synctest.Wait() // the 429 has come, and its call sleeps
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

func TestTheReopeningIsPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := &busyOnce{began: time.Now()}
		srv := retrywisetest.Handle(t, busy)
		p := shopPolicy(t).WithLimit(policy.Limit{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Second}})
		c := newClient(t, srv, client.Config{Policy: &p})
		together(5, func() {
			if _, err := send(t.Context(), t, c, "POST", "/items", "x"); err != nil {
				t.Errorf("worker: %v", err)
			}
		})
		for i, at := range busy.arrivals[1:] {
			if want := time.Duration(30+i) * time.Second; at < want {
				t.Errorf("request %d came after %v; want no earlier than %v", i+2, at, want)
			}
		}
	})
}

func TestAPaceIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		p := shopPolicy(t).WithLimit(policy.Limit{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 120, Per: time.Minute}, Burst: 2})
		var seen events
		c := newClient(t, srv, client.Config{Policy: &p, Observer: seen.observer()})
		began := time.Now()
		for range 12 {
			if _, err := send(t.Context(), t, c, "GET", "/items/7", ""); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("12 calls at 2/s with a burst of 2 took %v; want 5s", took)
		}
		waits := seen.waits
		if len(waits) != 10 || waits[0].For != "limit account" || waits[0].Took != 500*time.Millisecond {
			t.Errorf("%d waits were told, the first %+v", len(waits), waits)
		}
	})
}

// A token that would come too late is given back, and nothing is sent.
func TestALimitThatDoesNotFitDefers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200), retrywisetest.Status(200))
		p := shopPolicy(t).WithLimit(policy.Limit{Name: "daily", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Hour}})
		c := newClient(t, srv, client.Config{Policy: &p})
		if _, err := send(t.Context(), t, c, "POST", "/items", "x"); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			began := time.Now()
			_, err := send(t.Context(), t, c, "POST", "/items", "x")
			e := failure(t, err)
			if e.Class != apierrors.RateLimited || e.Action != apierrors.Defer || e.Stop != apierrors.StopMaxWait || e.Reason != "limit daily" || e.Applied != apierrors.AppliedNo {
				t.Errorf("%v: action %v, reason %q, applied %v", e, e.Action, e.Reason, e.Applied)
			}
			if at, _ := apierrors.RetryAt(err); at.Sub(began) != time.Hour || time.Since(began) != 0 {
				t.Errorf("retry in %v, after %v", at.Sub(began), time.Since(began))
			}
		}
		time.Sleep(time.Hour) // virtual
		if _, err := send(t.Context(), t, c, "POST", "/items", "x"); err != nil {
			t.Errorf("an hour later: %v", err)
		}
	})
}

// A limit for each record holds back that record and no other.
func TestARecordsGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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
func TestGatesAreForEachCredential(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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

// A gate that closes while a call waits for a token is seen.
func TestAGateThatClosesMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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

// Two users in the URL are two accounts.
func TestUserinfoIsACredential(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "3600"), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		_, _ = send(t.Context(), t, c, "GET", "http://a:1@vendor.test/items", "")
		if _, err := send(t.Context(), t, c, "GET", "http://b:2@vendor.test/items", ""); err != nil {
			t.Errorf("held back by another user's 429: %v", err)
		}
	})
}

// The tests below run over a clock that moves between two lines, which that of synctest
// does not; they wait for nothing.

func okWire(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

func TestACallThatDoesNotWaitTellsNoWait(t *testing.T) {
	var seen events
	c := onWire(t, okWire, client.Config{Observer: seen.observer()})
	for range 10 {
		if _, err := send(t.Context(), t, c, "GET", "/items/7", ""); err != nil {
			t.Fatal(err)
		}
	}
	if waits := seen.waits; len(waits) > 0 {
		t.Errorf("%d waits were told: %+v", len(waits), waits[0])
	}
}

// A call that one limit refuses costs nothing at another.
func TestARefusedCallCostsNoTokens(t *testing.T) {
	hourly := func(name string, burst int, paths ...string) policy.Limit {
		return policy.Limit{Name: name, Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Hour}, Burst: burst, Paths: paths}
	}
	p := shopPolicy(t).WithLimit(hourly("all", 4)).WithLimit(hourly("exports", 1, "/exports"))
	c := onWire(t, okWire, client.Config{Policy: &p})
	if _, err := send(t.Context(), t, c, "GET", "/exports", ""); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, err := send(t.Context(), t, c, "GET", "/exports", "")
		if e := failure(t, err); e.Reason != "limit exports" {
			t.Fatalf("reason %q", e.Reason)
		}
	}
	if _, err := send(t.Context(), t, c, "GET", "/other", ""); err != nil {
		t.Errorf("one of four tokens was used, yet: %v", err)
	}
}

// Many calls that are refused at the same time leave the limit as it was.
func TestManyRefusalsLeaveTheLimitAsItWas(t *testing.T) {
	p := shopPolicy(t).WithLimit(policy.Limit{Name: "all", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Hour}})
	c := onWire(t, okWire, client.Config{Policy: &p})
	_, _ = send(t.Context(), t, c, "GET", "/items/7", "")
	together(16, func() {
		for range 50 {
			_, _ = send(t.Context(), t, c, "GET", "/items/7", "")
		}
	})
	_, err := send(t.Context(), t, c, "GET", "/items/7", "")
	if at, _ := apierrors.RetryAt(err); time.Until(at) > time.Hour {
		t.Errorf("one token was used, yet the next is due in %v", time.Until(at))
	}
}
