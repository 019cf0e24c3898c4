package client_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/traffic"
)

// Clients that have the same Traffic share pauses, if they have the same account.
func TestTrafficOfClients(t *testing.T) {
	for name, tt := range map[string]struct {
		first, second string
		requests      int
	}{
		"no account":      {"", "", 1},
		"the same":        {"tenant 1", "tenant 1", 1},
		"another account": {"tenant 1", "tenant 2", 2},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				answers := script{retrywisetest.Status(429, "Retry-After", "3600"), retrywisetest.JSON(200, `{}`)}
				srv := retrywisetest.New(t, answers[:tt.requests]...)
				memory := traffic.NewMemory()
				of := func(account string) *client.Client {
					return newClient(t, srv, client.Config{Traffic: memory, Account: account, Auth: client.Bearer("token")})
				}
				first, second := of(tt.first), of(tt.second)
				if _, err := send(t.Context(), t, first, "GET", "/items", ""); err == nil {
					t.Error("the first call succeeded; want that it is deferred")
				}
				_, err := send(t.Context(), t, second, "GET", "/items", "")
				if isHeld := err != nil; isHeld != (tt.requests == 1) {
					t.Errorf("the second call: %v; want it held back: %v", err, tt.requests == 1)
				}
			})
		})
	}
}

// A process that starts while the vendor wants nobody to send anything sends nothing. It says when
// to run the call again.
func TestTrafficOfProcesses(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "21600"))
		store := traffic.NewMemoryStore()
		run := func() *apierrors.Error {
			fleet := traffic.NewFleet(store, traffic.FleetOptions{})
			c := newClient(t, srv, client.Config{Traffic: fleet})
			_, err := send(t.Context(), t, c, "GET", "/items", "")
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			if err := fleet.Close(); err != nil {
				t.Error(err)
			}
			return failure(t, err)
		}
		end := time.Now().Add(6 * time.Hour)
		for i := range 20 {
			e := run()
			if off := e.RetryAt.Sub(end); e.Action != apierrors.Defer || off < -time.Second || off > time.Second {
				t.Errorf("run %d: %v, retry at %v; want it deferred until %v", i, e.Action, e.RetryAt, end)
			}
			time.Sleep(5 * time.Minute)
		}
	})
}

// In an outage, the probes of many processes are those of one, and no call is lost.
func TestTrafficOfProcessesInAnOutage(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		start := time.Now()
		var requests, meanwhile, failed atomic.Int64
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			requests.Add(1)
			if since := time.Since(start); since >= 10*time.Second && since < 20*time.Second {
				meanwhile.Add(1)
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}))
		store := traffic.NewMemoryStore()
		var workers sync.WaitGroup
		for range 16 {
			fleet := traffic.NewFleet(store, traffic.FleetOptions{})
			t.Cleanup(func() { _ = fleet.Close() })
			c := newClient(t, srv, client.Config{Traffic: fleet})
			workers.Go(func() {
				for time.Since(start) < 30*time.Second {
					if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
						failed.Add(1)
					}
					time.Sleep(100 * time.Millisecond)
				}
			})
		}
		workers.Wait()
		if n := meanwhile.Load(); n > 60 || failed.Load() > 0 || requests.Load() < 2_500 {
			t.Errorf("%d requests in the outage, %d calls failed, %d requests in all", n, failed.Load(), requests.Load())
		}
	})
}
