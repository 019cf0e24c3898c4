package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// noDeadlines is a connection without deadlines, such as one through an SSH tunnel.
type noDeadlines struct{ net.Conn }

func (noDeadlines) SetWriteDeadline(time.Time) error { return errors.New("not supported") }

// executedTwice sends keyed writes, each over a connection that closes after it was executed,
// and returns how many the server got twice.
func executedTwice(t *testing.T, calls int, client func(*http.Transport) *http.Client) (twice int) {
	t.Helper()
	var mu sync.Mutex
	executed := map[string]int{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		mu.Lock()
		executed[key]++
		isFirst := executed[key] == 1
		mu.Unlock()
		if key != "" && isFirst {
			retrywisetest.Reset()(w, r)
		}
	}))
	defer srv.Close()
	wire := &http.Transport{}
	defer wire.CloseIdleConnections()
	hc := client(wire)
	for i := range calls {
		if resp, err := get(t, hc, srv.URL); err == nil {
			_ = resp.Body.Close()
		}
		req := newRequest(t, http.MethodPost, srv.URL, "")
		req.Header.Set("Idempotency-Key", fmt.Sprint(i))
		if resp, err := hc.Do(req); err == nil {
			_ = resp.Body.Close()
		}
	}
	mu.Lock()
	defer mu.Unlock()
	delete(executed, "")
	for _, n := range executed {
		if n > 1 {
			twice++
		}
	}
	return twice
}

// A write with Idempotency-Key, which net/http alone repeats by itself, is executed once,
// whatever is known of the connection.
func TestReplayOfAKeyedWriteIsStopped(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(8))
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, address)
		return noDeadlines{conn}, err
	}
	ours := func(rt http.RoundTripper) *http.Client {
		return newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: rt}).HTTP()
	}
	for name, hc := range map[string]func(*http.Transport) *http.Client{
		"net/http alone":    func(tr *http.Transport) *http.Client { return &http.Client{Transport: tr} },
		"http.Transport":    func(tr *http.Transport) *http.Client { return ours(tr) },
		"a wrapper":         func(tr *http.Transport) *http.Client { return ours(wire(tr.RoundTrip)) },
		"without deadlines": func(tr *http.Transport) *http.Client { tr.DialContext = dial; return ours(tr) },
	} {
		t.Run(name, func(t *testing.T) {
			twice := executedTwice(t, 1000, hc)
			t.Logf("%d of 1,000 executed twice", twice)
			if isOurs := name != "net/http alone"; isOurs != (twice == 0) {
				t.Errorf("%d of 1,000 writes were executed twice; want 0 (more with net/http alone)", twice)
			}
		})
	}
}

// A transport may send a request again after a response, as for digest authentication.
func TestReplayAfterAResponseIsAllowed(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(401), retrywisetest.Status(200))
		digest := wire(func(r *http.Request) (*http.Response, error) {
			resp, err := srv.Transport().RoundTrip(r)
			if err != nil || resp.StatusCode != http.StatusUnauthorized {
				return resp, err
			}
			_ = resp.Body.Close()
			again := r.Clone(r.Context())
			again.Header.Set("Authorization", "Digest x")
			return srv.Transport().RoundTrip(again)
		})
		c := newClient(t, srv, client.Config{Transport: digest})
		if status, err := send(t.Context(), t, c, "POST", "/items", ""); err != nil || status != 200 {
			t.Errorf("got status %d, error %v; want 200", status, err)
		}
	})
}

// It may do so even if an early hint came before the response.
func TestReplayAfterAnEarlyHintIsAllowed(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		n := 0
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if n++; n == 1 {
				w.WriteHeader(http.StatusEarlyHints)
				w.WriteHeader(http.StatusUnauthorized)
			}
		}))
		login := wire(func(r *http.Request) (*http.Response, error) {
			resp, err := srv.Transport().RoundTrip(r)
			if err != nil || resp.StatusCode != http.StatusUnauthorized {
				return resp, err
			}
			_ = resp.Body.Close()
			return srv.Transport().RoundTrip(r.Clone(r.Context()))
		})
		if status, err := send(t.Context(), t, newClient(t, srv, client.Config{Transport: login}), "POST", "/items", ""); err != nil || status != 200 {
			t.Errorf("got status %d, error %v; want 200", status, err)
		}
	})
}

// The number of 1xx responses is bounded, even if the caller's trace listens to them.
func TestInterimResponsesAreBounded(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		n := 0
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil && n < 10_000 {
				n++
				w.WriteHeader(http.StatusEarlyHints)
				time.Sleep(time.Millisecond) // virtual
			}
		}))
		var hints atomic.Int64
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(int, textproto.MIMEHeader) error {
			hints.Add(1)
			return nil
		}})
		_, err := send(ctx, t, newClient(t, srv, client.Config{}), "POST", "/items", "x")
		if e := failure(t, err); hints.Load() > 40 || hints.Load() < 10 || e.Applied != apierrors.AppliedUnknown {
			t.Errorf("the trace got %d hints, applied %v; want 10 to 40, unknown", hints.Load(), e.Applied)
		}
	})
}
