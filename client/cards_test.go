package client_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Each test below is a failure that was measured of net/http 1.26 or go-retryablehttp
// 0.7.8, by the name under which it is known here. Where the peer can be run beside
// ours, it is, and the log tells both figures.

// always answers every request in the same way.
func always(answer retrywisetest.Answer) http.HandlerFunc { return http.HandlerFunc(answer) }

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
func TestCardAPostThatWasAppliedThenReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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
func TestCardAKeyedPostOnADeadConnection(t *testing.T) {
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
			synctest.Test(t, func(t *testing.T) {
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

// keyless is a shop that honours no idempotency keys.
type keyless struct{ shop }

func (k keyless) Profile() policy.Profile {
	p := k.shop.Profile()
	p.IdempotencyHeader = ""
	return p
}

// Card: two GETs, the second of which meets a dead idle connection. Measured of
// net/http: the server sees three requests, the client two. Here as many are told as
// the server saw.
func TestCardADeadIdleConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, alone := onAReusedConnection(t), onAReusedConnection(t)
		var seen events
		c := newClient(t, srv, client.Config{Observer: seen.observer()})
		for range 2 {
			if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
				t.Error(err)
			}
			if _, err := get(t, &http.Client{Transport: alone.Transport()}, alone.URL()); err != nil { //nolint:bodyclose // get does
				t.Error(err)
			}
		}
		t.Logf("the server saw %d of 2 calls, and ours told %d; net/http alone: %d, and told 2", len(srv.Requests()), len(seen.attempts), len(alone.Requests()))
		if got, told := len(srv.Requests()), len(seen.attempts); got != 3 || told != 3 {
			t.Errorf("%d requests, %d told; want 3 and 3", got, told)
		}
	})
}

// The same through a transport that wraps net/http's, of which less is known: still as
// many are told as the server saw.
func TestADeadConnectionUnderAWrappedTransport(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			var n atomic.Int64
			srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if n.Add(1)%4 == 0 {
					retrywisetest.Reset()(w, r)
				}
			}))
			var seen events
			c := newClient(t, srv, client.Config{Observer: seen.observer(), Transport: wire(srv.Transport().RoundTrip)})
			together(8, func() {
				for range 25 {
					_, _ = send(t.Context(), t, c, "GET", "/items", "")
				}
			})
			if got, told := len(srv.Requests()), len(seen.attempts); got != told {
				t.Errorf("%d requests, %d told", got, told)
			}
		})
	}
}

// Cards: Retry-After of 9223372037 s, of which go-retryablehttp makes a hot loop, and of
// 31536000 s, which it sleeps. Here either ends the call at once, and tells when.
func TestCardsAbsurdRetryAfter(t *testing.T) {
	for name, tt := range map[string]struct {
		seconds string
		wait    time.Duration
	}{
		"9223372037":           {"9223372037", 1<<63 - 1},
		"31536000":             {"31536000", 365 * 24 * time.Hour},
		"18446744074":          {"18446744074", 1<<63 - 1},
		"beyond every integer": {strings.Repeat("9", 40), 1<<63 - 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", tt.seconds))
				c := newClient(t, srv, client.Config{})
				began := time.Now()
				_, err := send(t.Context(), t, c, "GET", "/items", "")
				e, took := failure(t, err), time.Since(began)
				sent, slept := theirAttempts(t, tt.seconds)
				t.Logf("go-retryablehttp sent %d requests and slept %v; ours sent 1, and tells %v", sent, slept, tt.wait)
				if e.Action != apierrors.Defer || e.Stop != apierrors.StopMaxWait || took != 0 || !e.RetryAt.Equal(began.Add(tt.wait)) {
					t.Errorf("action %v, stop %v, after %v, retry at %v", e.Action, e.Stop, took, e.RetryAt)
				}
			})
		})
	}
}

// theirAttempts is what go-retryablehttp makes of a server that always tells to wait for
// so many seconds.
func theirAttempts(t *testing.T, seconds string) (sent int, slept time.Duration) {
	t.Helper()
	srv := retrywisetest.Handle(t, always(retrywisetest.Status(429, "Retry-After", seconds)))
	began := time.Now()
	_, _ = retryablehttpOver(srv).Get(srv.URL()) //nolint:bodyclose // it gives up without an answer
	return len(srv.Requests()), time.Since(began)
}

// Card: Retry-After as a date of RFC 850 or of asctime. Measured of go-retryablehttp: ignored.
func TestCardObsoleteDates(t *testing.T) {
	for _, layout := range []string{http.TimeFormat, "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC} {
		t.Run(layout, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				at := began.Add(7 * time.Second).UTC().Format(layout)
				srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", at), retrywisetest.Status(200))
				c := newClient(t, srv, client.Config{})
				if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took != 7*time.Second {
					t.Errorf("waited %v; want 7s", took)
				}
			})
		})
	}
}

// Card: 200 good and 20 bad calls, one after the other. Measured of go-retryablehttp: 20
// connections.
func TestCardOneConnectionForGoodAndBad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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

// Card: the body of a 503 trickles in at 20 B/s. Measured of go-retryablehttp: the call
// was blocked for 4.1 s by 80 bytes; an endless body takes it minutes. Here two seconds
// are given to each attempt's body, and nothing to draining it.
func TestCardABodyThatTrickles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte("x"))
				_ = http.NewResponseController(w).Flush()
				select {
				case <-tick.C:
				case <-r.Context().Done():
				}
			}
		}))
		c := newClient(t, srv, client.Config{})
		began := time.Now()
		_, err := send(t.Context(), t, c, "PUT", "/items", "x")
		took := time.Since(began)
		began = time.Now()
		_, _ = retryablehttpOver(srv).Get(srv.URL()) //nolint:bodyclose // it gives up without an answer
		t.Logf("ours ended after %v, 4 attempts; go-retryablehttp after %v, 5 attempts", took, time.Since(began))
		if e := failure(t, err); e.Status != 503 || took != 4*2*time.Second+1750*time.Millisecond { // and its back-off
			t.Errorf("status %d after %v", e.Status, took)
		}
	})
}

// Card: 261 kB of gzip that are 256 MiB. Measured of io.ReadAll: 570 MiB of heap.
func TestCardAGzipBomb(t *testing.T) {
	var member, bomb bytes.Buffer
	z := gzip.NewWriter(&member)
	_, _ = z.Write(make([]byte, 1<<20))
	_ = z.Close()
	for range 256 { // members follow one another: RFC 1952 section 2.2
		_, _ = bomb.Write(member.Bytes())
	}
	for name, asks := range map[string]string{"unpacked by net/http": "", "by the caller": "gzip"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, always(retrywisetest.JSON(500, bomb.String(), "Content-Encoding", "gzip")))
				c := newClient(t, srv, client.Config{})
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/items", http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				if asks != "" {
					req.Header.Set("Accept-Encoding", asks)
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, err = c.Send(req) //nolint:bodyclose // there is no answer beside an error
				runtime.ReadMemStats(&after)
				allocated := after.TotalAlloc - before.TotalAlloc
				t.Logf("%d bytes of gzip: %d KiB allocated in all", bomb.Len(), allocated>>10)
				if e := failure(t, err); len(e.Body) > 64<<10 || allocated > 4<<20 {
					t.Errorf("%d bytes kept, %d allocated", len(e.Body), allocated)
				}
			})
		})
	}
}

// Card: a dial that fails, and ?api_key=SECRET in the URL. Measured: net/http prints it,
// go-retryablehttp twice.
func TestCardADialErrorPrintsNoKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := &url.Error{Op: "dial", URL: "http://vendor.test/?api_key=SECRET", Err: io.ErrUnexpectedEOF}
		srv := retrywisetest.New(t)
		c := newClient(t, srv, client.Config{Transport: failing(srv, 99, refused)})
		_, err := send(t.Context(), t, c, "GET", "/items?api_key=SECRET", "")
		_, dropIn := get(t, c.HTTP(), srv.URL()+"/items?api_key=SECRET") //nolint:bodyclose // there is no answer
		for _, err := range []error{err, client.CleanError(dropIn)} {
			if text := fmt.Sprintf("%v %+v %#v", err, err, failure(t, err)); strings.Contains(text, "SECRET") {
				t.Error(text)
			}
		}
	})
}
