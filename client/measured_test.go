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

// Each test below is a failure that was measured of net/http 1.26 or go-retryablehttp
// 0.7.8, by the name under which it is known here. Where the peer can be run beside
// ours, it is, and the log tells both figures.

// executing runs a request and then resets the connection.
func executing(ledger *retrywisetest.Ledger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		ledger.Record(string(body), nil)
		retrywisetest.Reset()(w, r)
	}
}

// go-retryablehttp is what the cards are measured against.
func retryablehttpOver(srv *retrywisetest.Server) *retryablehttp.Client {
	c := retryablehttp.NewClient()
	c.Logger, c.HTTPClient.Transport = nil, srv.Transport()
	return c
}

// Card: POST applied, then the connection is reset, 20 calls. Measured of
// go-retryablehttp: 100 executions.
func TestMeasuredPostThatWasExecuted(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		var ours, theirs retrywisetest.Ledger
		srv, peer := retrywisetest.Handle(t, executing(&ours)), retrywisetest.Handle(t, executing(&theirs))
		c := newClient(t, srv, client.Config{})
		for i := range 20 {
			_, err := send(t.Context(), t, c, "POST", "/items", fmt.Sprint("order ", i))
			if e := failure(t, err); e.Applied != apierrors.AppliedUnknown || e.Stop != apierrors.StopUnsafe {
				t.Errorf("applied %v, stop %v", e.Applied, e.Stop)
			}
			_, _ = retryablehttpOver(peer).Post(peer.URL(), "text/plain", fmt.Appendf(nil, "order %d", i)) //nolint:bodyclose // there is no answer
		}
		t.Logf("20 calls: ours %d executions, go-retryablehttp %d", ours.Total(), theirs.Total())
		if ours.Total() != 20 || ours.Duplicates() != 0 {
			t.Errorf("%d executions, %d of them again; want 20 and 0", ours.Total(), ours.Duplicates())
		}
	})
}

// onAReusedConnection is a server that answers its first request, closes the connection
// under the second, and answers the others. What it got is in its Requests.
func onAReusedConnection(t *testing.T) *retrywisetest.Server {
	t.Helper()
	return retrywisetest.Handle(t, retrywisetest.Script(retrywisetest.Status(200), retrywisetest.Reset(), retrywisetest.Status(200), retrywisetest.Status(200)))
}

// Card: a POST with an Idempotency-Key, and the reused connection dies. Measured of
// net/http: executed twice, and told to nobody. Here it goes again only for a vendor
// that honours keys, and the second request is told.
func TestMeasuredKeyedPostOnADeadConnection(t *testing.T) {
	for name, tt := range map[string]struct {
		honours   bool
		requests  int
		told      int
		isUnknown bool
	}{
		"a vendor that honours keys": {true, 3, 3, false},
		"any other":                  {false, 2, 2, true},
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
				req := newRequest(t, http.MethodPost, "/items", "x", "Idempotency-Key", "k-1") // net/http repeats it for that
				if tt.honours {
					req = client.With(req, client.CallOptions{IdempotencyKey: "k-1"})
				}
				resp, err := c.HTTP().Do(req)
				if err == nil {
					_ = resp.Body.Close()
				} else if e := failure(t, err); e.Applied != apierrors.AppliedUnknown {
					t.Errorf("applied %v", e.Applied)
				}
				if got, told := len(srv.Requests()), len(seen.attempts); got != tt.requests || told != tt.told || (err != nil) != tt.isUnknown {
					t.Errorf("%d requests, %d told, error %v", got, told, err)
				}
			})
		})
	}
}

// Card: two GETs, the second of which meets a dead idle connection. Measured of
// net/http: the server sees three requests, the client two. Here as many are told as
// the server saw.
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
		t.Logf("the server saw %d of 2 calls, and ours told %d; net/http alone: %d, and told 2", len(srv.Requests()), len(seen.attempts), len(alone.Requests()))
		if got, told := len(srv.Requests()), len(seen.attempts); got != 3 || told != 3 {
			t.Errorf("%d requests, %d told; want 3 and 3", got, told)
		}
	})
}

// Card: a dial that fails, and ?api_key=SECRET in the URL. Measured: net/http prints it,
// go-retryablehttp twice.
func TestMeasuredDialErrorPrintsNoKey(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		refused := &url.Error{Op: "dial", URL: "http://vendor.test/?api_key=SECRET", Err: io.ErrUnexpectedEOF}
		srv := retrywisetest.New(t)
		c := newClient(t, srv, client.Config{Transport: failing(srv, 99, refused)})
		_, err := send(t.Context(), t, c, "GET", "/items?api_key=SECRET", "")
		_, dropIn := get(t, c.HTTP(), srv.URL()+"/items?api_key=SECRET") //nolint:bodyclose // get closes it
		for _, err := range []error{err, client.CleanError(dropIn)} {
			if text := fmt.Sprintf("%v %+v %#v", err, err, failure(t, err)); strings.Contains(text, "SECRET") {
				t.Error(text)
			}
		}
	})
}
