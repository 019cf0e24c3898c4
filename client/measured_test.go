package client_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// The tests TestMeasured… are about failures that were measured of net/http of Go 1.26 or of
// go-retryablehttp 0.7.8. Where the other library can run beside this one, it does, and the
// log has the figures of both.

// executing records a request as executed, and then closes the connection.
func executing(ledger *retrywisetest.Ledger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		ledger.Record(string(body), nil)
		retrywisetest.Reset()(w, r)
	}
}

// retryablehttpOver returns a client of go-retryablehttp with its defaults.
func retryablehttpOver(srv *retrywisetest.Server) *retryablehttp.Client {
	c := retryablehttp.NewClient()
	c.Logger, c.HTTPClient.Transport = nil, srv.Transport()
	return c
}

// A POST is executed, and then the connection closes. Measured of go-retryablehttp: 20 calls
// are executed 100 times.
func TestMeasuredPostThatWasExecuted(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		var ours, theirs retrywisetest.Ledger
		srv, peer := retrywisetest.Handle(t, executing(&ours)), retrywisetest.Handle(t, executing(&theirs))
		c := newClient(t, srv, client.Config{})
		for i := range 20 {
			_, err := send(t.Context(), t, c, "POST", "/items", fmt.Sprint("order ", i))
			if e := failure(t, err); e.Applied != apierrors.AppliedUnknown || e.Stop != apierrors.StopUnsafe {
				t.Errorf("applied %v, stop %v; want unknown, unsafe", e.Applied, e.Stop)
			}
			_, _ = retryablehttpOver(peer).Post(peer.URL(), "text/plain", fmt.Appendf(nil, "order %d", i)) //nolint:bodyclose // there is no response
		}
		t.Logf("20 calls: retrywise %d executions, go-retryablehttp %d", ours.Total(), theirs.Total())
		if ours.Total() != 20 || ours.Duplicates() != 0 {
			t.Errorf("%d executions, %d of them duplicates; want 20 and 0", ours.Total(), ours.Duplicates())
		}
	})
}

// onAReusedConnection returns a server that closes the connection when the second request on
// it arrives.
func onAReusedConnection(t *testing.T) *retrywisetest.Server {
	t.Helper()
	return retrywisetest.Handle(t, retrywisetest.Script(retrywisetest.Status(200), retrywisetest.Reset(), retrywisetest.Status(200), retrywisetest.Status(200)))
}

// A reused connection closes under a POST with Idempotency-Key. Measured of net/http: it is
// sent twice, which the caller does not learn. Here it is retried only for a vendor that
// honours keys, and each request is an attempt.
func TestMeasuredKeyedPostOnADeadConnection(t *testing.T) {
	for name, tt := range map[string]struct {
		honours   bool
		requests  int
		attempts  int
		isUnknown bool // the call fails, and may have been executed
	}{
		"vendor with keys":    {true, 3, 3, false},
		"vendor without keys": {false, 2, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := onAReusedConnection(t)
				var seen events
				cfg := client.Config{Observer: seen.observer()}
				if !tt.honours {
					cfg.Vendor = keyless{shop{shopPolicy(t)}}
				}
				c := newClient(t, srv, cfg)
				if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
					t.Fatal(err)
				}
				req := newRequest(t, http.MethodPost, "/items", "x", "Idempotency-Key", "k-1") // because of which net/http repeats it
				if tt.honours {
					req = client.With(req, client.CallOptions{IdempotencyKey: "k-1"})
				}
				resp, err := c.HTTP().Do(req)
				if err == nil {
					_ = resp.Body.Close()
				} else if e := failure(t, err); e.Applied != apierrors.AppliedUnknown {
					t.Errorf("applied %v; want unknown", e.Applied)
				}
				if requests, attempts := len(srv.Requests()), len(seen.attempts); requests != tt.requests || attempts != tt.attempts || (err != nil) != tt.isUnknown {
					t.Errorf("%d requests, %d attempts, error %v; want %d, %d, an error: %v", requests, attempts, err, tt.requests, tt.attempts, tt.isUnknown)
				}
			})
		})
	}
}

// An idle connection closes under the second of two GETs. Measured of net/http: the server
// gets three requests, and the caller knows of two. Here there are three attempts.
func TestMeasuredGetOnADeadConnection(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv, alone := onAReusedConnection(t), onAReusedConnection(t)
		var seen events
		c := newClient(t, srv, client.Config{Observer: seen.observer()})
		for range 2 {
			if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
				t.Error(err)
			}
			if _, err := get(t, &http.Client{Transport: alone.Transport()}, alone.URL()); err != nil { //nolint:bodyclose // get closes it
				t.Error(err)
			}
		}
		requests, attempts := len(srv.Requests()), len(seen.attempts)
		t.Logf("2 calls: retrywise %d requests, %d attempts; net/http %d requests", requests, attempts, len(alone.Requests()))
		if requests != 3 || attempts != 3 {
			t.Errorf("%d requests, %d attempts; want 3 of each", requests, attempts)
		}
	})
}

// A dial fails, and the URL has ?api_key=SECRET. Measured: net/http prints it once, and
// go-retryablehttp twice.
func TestMeasuredDialErrorPrintsNoKey(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		refused := &url.Error{Op: "dial", URL: "http://vendor.test/?api_key=SECRET", Err: io.ErrUnexpectedEOF}
		srv := retrywisetest.New(t)
		c := newClient(t, srv, client.Config{Transport: failing(srv, 99, refused)})
		_, err := send(t.Context(), t, c, "GET", "/items?api_key=SECRET", "")
		_, byHTTP := get(t, c.HTTP(), srv.URL()+"/items?api_key=SECRET") //nolint:bodyclose // get closes it
		for _, err := range []error{err, client.CleanError(byHTTP)} {
			if text := fmt.Sprintf("%v %+v %#v", err, err, failure(t, err)); strings.Contains(text, "SECRET") {
				t.Errorf("the error prints the key: %s", text)
			}
		}
	})
}
