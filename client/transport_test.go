package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// noDeadlines is a connection such as that of an SSH tunnel.
type noDeadlines struct{ net.Conn }

func (noDeadlines) SetWriteDeadline(time.Time) error { return errors.New("not supported") }

// A write with a header that net/http takes for a leave to repeat is executed once,
// whatever is known of the connection. Raw net/http is measured beside it.
func TestAKeyedWriteOnOddTransports(t *testing.T) {
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
		"net/http alone":       func(tr *http.Transport) *http.Client { return &http.Client{Transport: tr} },
		"a transport":          func(tr *http.Transport) *http.Client { return ours(tr) },
		"one that is wrapped":  func(tr *http.Transport) *http.Client { return ours(wire(tr.RoundTrip)) },
		"one without deadline": func(tr *http.Transport) *http.Client { tr.DialContext = dial; return ours(tr) },
	} {
		t.Run(name, func(t *testing.T) {
			twice := executedTwice(t, 1000, hc)
			t.Logf("%d of 1,000 executed twice", twice)
			if isOurs := name != "net/http alone"; isOurs != (twice == 0) {
				t.Errorf("%d executed twice", twice)
			}
		})
	}
}

// executedTwice sends keyed writes over connections that break after each was executed.
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

// refusing is a transport that never has a connection.
func refusing() *http.Transport {
	return &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("refused") }}
}

// A transport that tries another way by itself may have had the write executed by the
// first: a connection that was not had the second time proves nothing.
func TestATransportWithASecondWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(502), retrywisetest.Status(200))
		afterAnAnswer := func(r *http.Request) (*http.Response, error) {
			resp, err := srv.Transport().RoundTrip(r)
			if err != nil {
				return nil, err
			}
			_ = resp.Body.Close()
			return refusing().RoundTrip(r.Clone(r.Context()))
		}
		untold := func(r *http.Request) (*http.Response, error) {
			probe := r.Clone(r.Context())
			probe.Body = nil
			if resp, err := refusing().RoundTrip(probe); err == nil {
				return resp, nil
			}
			_, _ = io.Copy(io.Discard, r.Body)
			_ = r.Body.Close()
			return nil, errors.New("connection reset")
		}
		for name, way := range map[string]wire{"after an answer": afterAnAnswer, "untold": untold} {
			_, err := send(t.Context(), t, onWire(t, way, client.Config{}), "POST", "/items", "x")
			if e := failure(t, err); e.Applied != apierrors.AppliedUnknown || len(e.Attempts) != 1 {
				t.Errorf("%s: applied %v, %d attempts", name, e.Applied, len(e.Attempts))
			}
		}
		_, _ = send(t.Context(), t, newClient(t, srv, client.Config{}), "GET", "/", "")
	})
}

// A transport that logs in after a 401 does so after an early hint as well.
func TestALoginAfterAnEarlyHint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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
			t.Errorf("status %d, %v", status, err)
		}
	})
}

// 1xx answers have an end, also where the caller asks to be told of them.
func TestEndlessInterimAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil && n < 10_000 {
				n++
				w.WriteHeader(http.StatusEarlyHints)
				time.Sleep(time.Millisecond) // virtual
			}
		}))
		var told atomic.Int64
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(int, textproto.MIMEHeader) error {
			told.Add(1)
			return nil
		}})
		_, err := send(ctx, t, newClient(t, srv, client.Config{}), "POST", "/items", "x")
		if e := failure(t, err); told.Load() > 40 || told.Load() < 10 || e.Applied != apierrors.AppliedUnknown {
			t.Errorf("told of %d, applied %v", told.Load(), e.Applied)
		}
	})
}

// deaf is a body that neither Close nor a context ends.
type deaf struct{ release chan struct{} }

func (d deaf) Read([]byte) (int, error) {
	<-d.release
	return 0, io.EOF
}
func (deaf) Close() error { return nil }

// A transport's body that does not heed Close holds up no call.
func TestABodyThatHeedsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		c := onWire(t, func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 503, Header: http.Header{}, Body: deaf{release}}, nil
		}, client.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		_, err := send(ctx, t, c, "GET", "/items", "")
		if took := time.Since(began); err == nil || took > 10*time.Second {
			t.Errorf("took %v: %v", took, err)
		}
		close(release)
	})
}

// A body that gives nothing for ever is no document.
func TestABodyThatGivesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := onWire(t, func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 422, Header: http.Header{}, Body: io.NopCloser(readerFunc(func([]byte) (int, error) { return 0, nil }))}, nil
		}, client.Config{})
		_, err := send(t.Context(), t, c, "POST", "/items", "x")
		if e := failure(t, err); e.Status != 422 {
			t.Errorf("status %d", e.Status)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (r readerFunc) Read(p []byte) (int, error) { return r(p) }
