package client_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A frail vendor takes 10 ms for each request, and fails where fails says so.
type frail struct {
	start    time.Time
	fails    func(since time.Duration, path string) bool
	requests atomic.Int64
	served   sync.Map // of path to *atomic.Int64
}

func (v *frail) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.requests.Add(1)
	time.Sleep(10 * time.Millisecond)
	if v.fails(time.Since(v.start), r.URL.Path) {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	n, _ := v.served.LoadOrStore(r.URL.Path, new(atomic.Int64))
	n.(*atomic.Int64).Add(1) //nolint:forcetypeassert // nothing else is stored
}

func newFrail(t *testing.T, fails func(time.Duration, string) bool) (*frail, client.Config) {
	v := &frail{start: time.Now(), fails: fails}
	srv := retrywisetest.Handle(t, v)
	return v, client.Config{BaseURL: srv.URL(), Transport: srv.Transport()}
}

// How a call ends while the vendor is held.
func TestCallInAnOutage(t *testing.T) {
	for name, tt := range map[string]struct {
		retry   policy.Retry
		maxWait *time.Duration
		method  string
		class   apierrors.Class
		stop    apierrors.Stop
		applied apierrors.Applied
		sends   bool
	}{
		"a read that may wait":         {policy.Retry{}, nil, "GET", apierrors.ServerError, apierrors.StopHeld, apierrors.AppliedNo, true},
		"a read that may not wait":     {policy.Retry{}, new(time.Millisecond), "GET", apierrors.ServerError, apierrors.StopHeld, apierrors.AppliedNo, false},
		"a read that is deferred":      {policy.Retry{Outage: policy.OutageDefer}, nil, "GET", apierrors.ServerError, apierrors.StopHeld, apierrors.AppliedNo, false},
		"a write that is not sent":     {policy.Retry{}, new(time.Millisecond), "POST", apierrors.ServerError, apierrors.StopHeld, apierrors.AppliedNo, false},
		"a write that is deferred":     {policy.Retry{Outage: policy.OutageDefer}, nil, "POST", apierrors.ServerError, apierrors.StopHeld, apierrors.AppliedNo, false},
		"a write that has to find out": {policy.Retry{}, nil, "POST", apierrors.ServerError, apierrors.StopUnsafe, apierrors.AppliedUnknown, true},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v, cfg := newFrail(t, func(time.Duration, string) bool { return true })
				p := policy.Default().WithRetry(policy.Retry{MaxWait: new(20 * time.Second)}).WithRetry(tt.retry)
				cfg.Policy = &p
				c := newClientOf(t, cfg)
				var all sync.WaitGroup
				for range 40 { // until it is held
					all.Go(func() { _, _ = send(t.Context(), t, c, "PUT", "/items", "x") })
				}
				all.Wait()
				time.Sleep(10 * time.Millisecond)
				before := v.requests.Load()
				body := ""
				if tt.method == "POST" {
					body = "x"
				}
				_, err := send(t.Context(), t, c, tt.method, "/items", body, client.CallOptions{MaxWait: tt.maxWait})
				e := failure(t, err)
				sent := v.requests.Load() > before
				if e.Class != tt.class || e.Stop != tt.stop || sent != tt.sends || tt.stop == apierrors.StopHeld && e.RetryAt.IsZero() {
					t.Errorf("class %v, stop %v, applied %v, sent %v, retry at %v: %v", e.Class, e.Stop, e.Applied, sent, e.RetryAt, err)
				}
				if tt.stop == apierrors.StopHeld && e.Scope != apierrors.ScopeAccount {
					t.Errorf("scope %v; want account, as every call is held", e.Scope)
				}
				if tt.stop == apierrors.StopHeld && !strings.Contains(e.Hint, "has only failed since") {
					t.Errorf("hint %q; want since when the vendor fails", e.Hint)
				}
			})
		})
	}
}

// Close ends the calls that an outage holds back.
func TestCloseInAnOutage(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		_, cfg := newFrail(t, func(time.Duration, string) bool { return true })
		c := newClientOf(t, cfg)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				_, err := send(t.Context(), t, c, "GET", "/items", "")
				if e := failure(t, err); e.Class != apierrors.Canceled || e.Rule != "the client was closed" {
					t.Errorf("got %v, rule %q", e, e.Rule)
				}
			})
		}
		time.Sleep(3*time.Second + 5*time.Millisecond)
		synctest.Wait()
		_ = c.Close()
		all.Wait()
	})
}

// One record that fails whatever is done holds nobody back.
func TestPoisonedRecordIsNoOutage(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		_, cfg := newFrail(t, func(_ time.Duration, path string) bool { return path == "/records/7" })
		c := newClientOf(t, cfg)
		for i := range 100 {
			_, err := send(t.Context(), t, c, "GET", fmt.Sprintf("/records/%d", i%10), "")
			if (err != nil) != (i%10 == 7) {
				t.Fatalf("call %d: %v", i, err)
			}
		}
	})
}

// A failure that no retry can cure, such as a host that does not exist, is no outage: each call
// fails at once.
func TestPermanentFailureIsNoOutage(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		c := newClientOf(t, client.Config{BaseURL: "https://typo.test", Transport: wire(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "typo.test", IsNotFound: true}}
		})})
		start := time.Now()
		for range 100 {
			_, err := send(t.Context(), t, c, "GET", "/items", "")
			if e := failure(t, err); e.Class != apierrors.Network || e.Stop == apierrors.StopHeld {
				t.Fatalf("got %v, stop %v; want the network's failure", e, e.Stop)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if took := time.Since(start); took > 15*time.Second { // 10 s are between them
			t.Errorf("100 calls took %v", took)
		}
	})
}
