package client_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/internal/testserver"
)

// The load of the two tests below: some calls fail, every answer takes a moment.
const (
	poolWorkers = 32
	poolCalls   = 4000
	failEvery   = 20
)

func sometimesFailing() http.Handler {
	var n atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(time.Millisecond) // virtual
		if n.Add(1)%failEvery == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
}

// connections runs the load and returns how many connections it opened.
func connections(t *testing.T, do func(*testing.T, *testserver.Server) func() error) (opened, failed int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.Handle(t, sometimesFailing())
		call := do(t, srv)
		var failures atomic.Int64
		var workers sync.WaitGroup
		for range poolWorkers {
			workers.Go(func() {
				for range poolCalls / poolWorkers {
					if call() != nil {
						failures.Add(1)
					}
				}
			})
		}
		workers.Wait()
		opened, failed = srv.Conns(), int(failures.Load())
	})
	return opened, failed
}

// Calls that fail leave the pool alone: as many connections as workers, and no more.
// go-retryablehttp, which closes everybody's idle connections on each failure, is
// measured beside it.
func TestFailingCallsLeaveThePoolAlone(t *testing.T) {
	ours, failed := connections(t, func(t *testing.T, srv *testserver.Server) func() error {
		c := newClient(t, srv, client.Config{})
		return func() error {
			_, err := send(t.Context(), t, c, "POST", "/items", "x") // not repeated: it fails
			return err
		}
	})
	theirs, _ := connections(t, func(_ *testing.T, srv *testserver.Server) func() error {
		c := retryablehttp.NewClient()
		c.Logger, c.RetryMax, c.HTTPClient.Transport = nil, 0, srv.Transport()
		return func() error {
			resp, err := c.Post(srv.URL()+"/items", "text/plain", strings.NewReader("x"))
			if err != nil {
				return err
			}
			return resp.Body.Close()
		}
	})
	t.Logf("%d calls over %d workers, %d failed: %d connections; go-retryablehttp alone: %d", poolCalls, poolWorkers, failed, ours, theirs)
	if ours > poolWorkers || failed != poolCalls/failEvery {
		t.Errorf("%d connections, %d failed calls; want at most %d and %d", ours, failed, poolWorkers, poolCalls/failEvery)
	}
}
