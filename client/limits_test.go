package client_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// After a pause, calls are released at the rate of the limit.
func TestLimitHoldsAfterAPause(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		busy := &busyOnce{start: time.Now()}
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
				t.Errorf("request %d arrived after %v; want no earlier than %v", i+2, at, want)
			}
		}
	})
}

func TestLimitSpacesCalls(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		p := shopPolicy(t).WithLimit(policy.Limit{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 120, Per: time.Minute}, Burst: 2})
		var seen events
		c := newClient(t, srv, client.Config{Policy: &p, Observer: seen.observer()})
		start := time.Now()
		for range 12 {
			if _, err := send(t.Context(), t, c, "GET", "/items/7", ""); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("12 calls at 2/s with a burst of 2 took %v; want 5s", took)
		}
		waits := seen.waits
		if len(waits) != 10 || waits[0].For != "limit account" || waits[0].Took != 500*time.Millisecond {
			t.Errorf("got %d wait events: %+v; want 10 for \"limit account\", the first of 500ms", len(waits), waits)
		}
	})
}

// A call takes as many of a limit as it weighs. The GET that a 303 leads to does not.
func TestLimitCountsTheWeightOfACall(t *testing.T) {
	for name, tt := range map[string]struct {
		weight int
		status int
		want   time.Duration
	}{
		"of 0, which is 1": {0, 200, 4 * time.Second},
		"of 1":             {1, 200, 4 * time.Second},
		"of 5":             {5, 200, 20 * time.Second},
		"of 5, redirected": {5, 303, 24 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodPost {
						w.Header().Set("Location", "/batches/7")
						w.WriteHeader(tt.status)
					}
				}))
				p := shopPolicy(t).WithLimit(policy.Limit{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Second}, Burst: 5})
				c := newClient(t, srv, client.Config{Policy: &p})
				take := func(weight int) {
					if _, err := send(t.Context(), t, c, "POST", "/batches", "x", client.CallOptions{Weight: weight}); err != nil {
						t.Fatal(err)
					}
				}
				take(5)
				start := time.Now()
				for range 4 {
					take(tt.weight)
				}
				if took := time.Since(start); took != tt.want {
					t.Errorf("4 calls took %v; want %v", took, tt.want)
				}
			})
		})
	}
}

func TestSendRefusesAWeightBelowZero(t *testing.T) {
	srv := retrywisetest.New(t)
	c := newClient(t, srv, client.Config{})
	_, err := send(t.Context(), t, c, "GET", "/items/7", "", client.CallOptions{Weight: -1})
	if e := failure(t, err); e.Class != apierrors.MalformedRequest || e.Summary != "Weight: it is below zero" {
		t.Errorf("got %v", err)
	}
}

// A call that would have to wait too long for a limit is deferred: nothing is sent, and its
// token is returned.
func TestLimitThatDoesNotFitDefersTheCall(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200), retrywisetest.Status(200))
		p := shopPolicy(t).WithLimit(policy.Limit{Name: "daily", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Hour}})
		c := newClient(t, srv, client.Config{Policy: &p})
		if _, err := send(t.Context(), t, c, "POST", "/items", "x"); err != nil {
			t.Fatal(err)
		}
		for hours := range 3 { // each has a token of its own
			start := time.Now()
			_, err := send(t.Context(), t, c, "POST", "/items", "x")
			e := failure(t, err)
			if e.Class != apierrors.RateLimited || e.Action != apierrors.Defer || e.Stop != apierrors.StopMaxWait || e.Rule != "limit daily" || e.Applied != apierrors.AppliedNo {
				t.Errorf("%v: action %v, stop %v, reason %q, applied %v; want defer, max_wait, \"limit daily\", no", e, e.Action, e.Stop, e.Rule, e.Applied)
			}
			if at, _ := apierrors.RetryAt(err); at.Sub(start) != time.Duration(hours+1)*time.Hour || time.Since(start) != 0 {
				t.Errorf("retry in %v, decided after %v; want %dh, at once", at.Sub(start), time.Since(start), hours+1)
			}
		}
		time.Sleep(time.Hour) // virtual
		if _, err := send(t.Context(), t, c, "POST", "/items", "x"); err != nil {
			t.Errorf("an hour later: %v", err)
		}
	})
}

// The tests below use real time, whose clock advances between two statements, as the one
// of VirtualTime does not. They wait for nothing.

func TestLimitWithoutAWaitReportsNone(t *testing.T) {
	var seen events
	c := onWire(t, okWire, client.Config{Observer: seen.observer()})
	for range 10 {
		if _, err := send(t.Context(), t, c, "GET", "/items/7", ""); err != nil {
			t.Fatal(err)
		}
	}
	if waits := seen.waits; len(waits) > 0 {
		t.Errorf("got %d wait events, the first %+v; want none", len(waits), waits[0])
	}
}

// A call that one limit refuses takes no token of another.
func TestLimitKeepsTheTokensOfRefusedCalls(t *testing.T) {
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
		if e := failure(t, err); e.Rule != "limit exports" {
			t.Fatalf("reason %q; want \"limit exports\"", e.Rule)
		}
	}
	if _, err := send(t.Context(), t, c, "GET", "/other", ""); err != nil {
		t.Errorf("with three of four tokens left: %v", err)
	}
}

// Calls that are refused concurrently return their tokens.
func TestLimitIsUnchangedByRefusedCalls(t *testing.T) {
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
		t.Errorf("the next token is due in %v; want at most 1h", time.Until(at))
	}
}
